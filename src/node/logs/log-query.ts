import { badRequest } from '#base/errors.ts'
import type { LogOptions } from './read-log.ts'

function count(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw badRequest(`${name} must be a whole number of 0 or more, not "${text}"`)
  return value
}

const flag = (query: URLSearchParams, name: string): boolean =>
  ['', '1', 'true'].includes(query.get(name) ?? 'false')

/** The options of Kubernetes' PodLogOptions. */
export function logOptions(query: URLSearchParams, nowMs: number): LogOptions {
  const sinceSeconds = count(query, 'sinceSeconds')
  const sinceTime = query.get('sinceTime')
  const sinceTimeMs = sinceTime ? Date.parse(sinceTime) : undefined
  if (Number.isNaN(sinceTimeMs)) throw badRequest(`sinceTime "${sinceTime}" is not a time`)
  return {
    follow: flag(query, 'follow'),
    tailLines: count(query, 'tailLines'),
    sinceMs: sinceSeconds === undefined ? sinceTimeMs : nowMs - sinceSeconds * 1000,
    timestamps: flag(query, 'timestamps'),
    limitBytes: count(query, 'limitBytes'),
  }
}

export const isPrevious = (query: URLSearchParams): boolean => flag(query, 'previous')
