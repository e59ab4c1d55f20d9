let second = NaN
let prefix = ''

/**
 * The same as `rfc3339Micro`, for a log that writes thousands of times a second: most are of the second of the one
 * before.
 */
export function timeText(ms: number): string {
  const whole = Math.floor(ms / 1000)
  if (whole !== second) {
    second = whole
    prefix = new Date(whole * 1000).toISOString().slice(0, 20)
  }
  return `${prefix}${String(Math.floor(ms - whole * 1000)).padStart(3, '0')}000Z`
}
