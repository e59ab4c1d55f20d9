// Values such as 3 or "25%" of maxSurge, maxUnavailable and minAvailable.
import type { IntOrString } from './object.ts'

const PERCENT = /^(\d+)%$/

/** The number before "%", or undefined when the value is no percentage. */
export function percentOf(value: IntOrString): number | undefined {
  const match = typeof value === 'string' ? PERCENT.exec(value) : null
  return match === null ? undefined : Number(match[1])
}

/** A number as it is; a percentage of `total`, rounded as told. */
export function scaledValue(value: IntOrString, total: number, rounding: 'up' | 'down'): number {
  if (typeof value === 'number') return value
  const percent = percentOf(value)
  if (percent === undefined)
    throw new TypeError(`"${value}" is neither a number nor a percentage such as "25%"`)
  const exact = (percent * total) / 100
  return rounding === 'up' ? Math.ceil(exact) : Math.floor(exact)
}

/** Whether a value is none at all: 0 or "0%". */
export const isZeroIntOrPercent = (value: IntOrString): boolean =>
  value === 0 || percentOf(value) === 0
