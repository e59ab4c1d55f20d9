// Durations as kubectl prints them: two units at most, fewer the longer it is ("2m30s", "5h", "3y40d").

const SECOND_MS = 1_000
const MINUTE_S = 60
const HOUR_S = 60 * MINUTE_S
const DAY_S = 24 * HOUR_S
const YEAR_S = 365 * DAY_S

const pair = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`

/** The thresholds are those of `HumanDuration` in k8s.io/apimachinery. */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / SECOND_MS)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 2 * MINUTE_S) return `${seconds}s`
  const minutes = Math.floor(seconds / MINUTE_S)
  if (minutes < 10) return pair(minutes, 'm', seconds % MINUTE_S, 's')
  if (minutes < 3 * 60) return `${minutes}m`
  const hours = Math.floor(seconds / HOUR_S)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(seconds / DAY_S)
  if (hours < 8 * 24) return pair(days, 'd', hours % 24, 'h')
  if (days < 2 * 365) return `${days}d`
  const years = Math.floor(seconds / YEAR_S)
  return years < 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`
}

/** The AGE column: time since `timestamp`, or "<unknown>" without one. */
export function ageOf(timestamp: string | undefined, now: number): string {
  if (timestamp === undefined) return '<unknown>'
  return humanDuration(now - Date.parse(timestamp))
}
