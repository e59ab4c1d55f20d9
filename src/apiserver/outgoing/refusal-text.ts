// What a client of Kubernetes says of an HTTP status other than success.
import { isRecord } from '../body.ts'
import { outgoingLimits } from './outgoing-limits.ts'

const TEXTS: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
}

/** A Status in the body speaks for itself. */
export function refusalText(status: number, body: string): string {
  const message = statusMessage(body)
  if (message !== undefined) return message
  const excerpt = body.trim().slice(0, outgoingLimits.excerptLengthMax)
  if (status === 403) return `forbidden: ${excerpt}`
  const text = TEXTS[status]
  if (text !== undefined) return text
  return status >= 500
    ? `an error on the server (${JSON.stringify(excerpt || 'unknown')}) has prevented the request from succeeding`
    : `the server responded with the status code ${status} but did not return more information`
}

function statusMessage(body: string): string | undefined {
  if (!body.startsWith('{')) return undefined
  try {
    const value = JSON.parse(body) as unknown
    return isRecord(value) && value['kind'] === 'Status' && typeof value['message'] === 'string'
      ? value['message']
      : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
