// When the retention of projects is due: at the minutes that their schedules name, in UTC.
import { parseSchedule, type Schedule, ScheduleError } from '#kinds/cron-schedule.ts'

const MINUTE_MS = 60_000

/** Whether a schedule names the minute that begins at `at`. */
export function namesMinute(schedule: Schedule, at: number): boolean {
  if (schedule.type === 'every') {
    const everyMs = Math.max(schedule.seconds * 1_000, MINUTE_MS)
    return Math.floor(at / everyMs) !== Math.floor((at - MINUTE_MS) / everyMs)
  }
  const time = new Date(at)
  const isDay = schedule.daysOfMonth.has(time.getUTCDate())
  const isWeekday = schedule.daysOfWeek.has(time.getUTCDay())
  const isOpen = schedule.anyDayOfMonth || schedule.anyDayOfWeek
  return (
    schedule.minutes.has(time.getUTCMinutes()) &&
    schedule.hours.has(time.getUTCHours()) &&
    schedule.months.has(time.getUTCMonth() + 1) &&
    (isOpen ? isDay && isWeekday : isDay || isWeekday)
  )
}

/** Whether a minute that the text names began after `last` and by `now`; no text names none. */
export function isDue(text: string, last: number, now: number): boolean {
  let schedule: Schedule
  try {
    schedule = parseSchedule(text)
  } catch (error) {
    if (error instanceof ScheduleError) return false
    throw error
  }
  const first = (Math.floor(last / MINUTE_MS) + 1) * MINUTE_MS
  // After a long sleep of the computer, what was missed a day ago is not made up for.
  const from = Math.max(first, Math.floor(now / MINUTE_MS) * MINUTE_MS - 24 * 60 * MINUTE_MS)
  for (let at = from; at <= now; at += MINUTE_MS) if (namesMinute(schedule, at)) return true
  return false
}
