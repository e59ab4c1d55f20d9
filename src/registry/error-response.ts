// Errors as answers, in the form of the distribution spec.
import { jsonResponse, type RegistryResponse } from './http-message.ts'
import { RegistryError } from './registry-error.ts'

/** How a full disk shows in files; in SQLite it is a result code. */
const fullFileSystem = new Set<unknown>(['ENOSPC', 'EDQUOT'])
const SQLITE_FULL = 13

export function errorResponse(error: unknown): RegistryResponse {
  const { code, message, detail, status, headers } = asRegistryError(error)
  const entry = { code, message, ...(detail !== undefined && { detail }) }
  return jsonResponse({ errors: [entry] }, { status, headers })
}

/** Our own failures are told without their text, which may hold paths. */
function asRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  return fullFileSystem.has(code) || errcode === SQLITE_FULL
    ? new RegistryError('UNKNOWN', "the registry's disk is full", { status: 507 })
    : new RegistryError('UNKNOWN', 'the registry failed; its log says why')
}
