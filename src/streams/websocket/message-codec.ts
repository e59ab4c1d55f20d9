// One message of a channel protocol: which channel, and what it carries (k8s.io/apimachinery
// pkg/util/httpstream/wsstream). Binary: the first byte is the channel's number. Base64: the first
// character is its digit, what follows is base64, in text messages.

export type MessageEncoding = 'binary' | 'base64'

export interface ChannelMessage {
  channel: number
  data: Buffer
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Undefined for what is no message. */
export function decodeMessage(
  message: Buffer,
  encoding: MessageEncoding,
): ChannelMessage | undefined {
  if (message.length === 0) return undefined
  if (encoding === 'binary') return { channel: message[0]!, data: message.subarray(1) }
  const channel = message[0]! - 0x30
  const text = message.toString('latin1', 1)
  if (channel < 0 || channel > 9 || !BASE64.test(text)) return undefined
  return { channel, data: Buffer.from(text, 'base64') }
}

/** Binary messages are bytes, base64 ones are text. */
export function encodeMessage(
  { channel, data }: ChannelMessage,
  encoding: MessageEncoding,
): Buffer | string {
  if (encoding === 'binary') return Buffer.concat([Buffer.from([channel]), data])
  return `${channel}${data.toString('base64')}`
}
