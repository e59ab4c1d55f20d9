import { type applyJsonPatch, isJsonPatch } from '../../patch/json-patch.ts'

export type PatchOperations = Parameters<typeof applyJsonPatch>[1]

/** The operations of a JSON Patch; none where there is no text. Throws an Error that says what is wrong with it. */
export function readPatch(text: string | undefined): PatchOperations {
  if (text === undefined) return []
  const refuse = (why: string, cause?: unknown) =>
    new Error(`received undecodable patch in webhook response: ${why}`, { cause })
  let value: unknown
  try {
    value = JSON.parse(text) as unknown
  } catch (error) {
    throw refuse((error as Error).message, error)
  }
  if (isJsonPatch(value)) return value
  throw refuse('it is no list of operations with op and path')
}
