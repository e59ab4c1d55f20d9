import assert from 'node:assert/strict'
import type { Call } from '../context.ts'

/**
 * The last look before an answer leaves: a route that came around the authorizer is a bug, and must not
 * show anything.
 */
export function assertDecided({ decision, request }: Call): void {
  assert.ok(
    decision?.allowed === true,
    `${request.method} ${request.path} would be answered without a decision who may: send it through answer()`,
  )
}
