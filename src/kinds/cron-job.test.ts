import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cronJobKind } from './cron-job.ts'
import { parseSchedule, ScheduleError } from './cron-schedule.ts'
import { refusalsOf, updateRefusals } from './refusals.ts'

const pod = { spec: { containers: [{ name: 'c', image: 'x:1' }], restartPolicy: 'Never' } }
const cronJob = (spec: object = {}) => ({
  spec: { schedule: '* * * * *', jobTemplate: { spec: { template: pod } }, ...spec },
})
const refused = (spec: object, ...lines: string[]) =>
  assert.deepEqual(refusalsOf(cronJobKind, cronJob(spec)), lines)

test('a cron job has a schedule, a policy and limits', () => {
  refused({ schedule: '@daily', timeZone: 'Europe/Berlin' })
  refused({ schedule: '' }, 'spec.schedule: Required value')
  refused(
    { concurrencyPolicy: 'Maybe', startingDeadlineSeconds: -1, failedJobsHistoryLimit: -1 },
    'spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
    'spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
  )
})

test('a cron job names its time zone in the field for it', () => {
  const zone = (name: string) => `spec.timeZone: Invalid value: "${name}"`
  refused({ timeZone: 'Mars/Base' }, `${zone('Mars/Base')}: unknown time zone Mars/Base`)
  refused({ timeZone: '../x' }, `${zone('../x')}: unknown time zone ../x`)
  refused({ timeZone: '' }, `${zone('')}: timeZone must be nil or non-empty string`)
  refused(
    { timeZone: 'Local' },
    `${zone('Local')}: timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones`,
  )
  refused(
    { schedule: 'TZ=UTC * * * * *' },
    'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
  )
})

test('a schedule with a zone from before stays, without another one', () => {
  const change = (timeZone: string | undefined) =>
    updateRefusals(cronJobKind, cronJob({ schedule: 'TZ=UTC 0 * * * *' }), ({ spec }) => {
      spec.schedule = 'TZ=UTC 1 * * * *'
      spec.timeZone = timeZone
    })
  assert.deepEqual(change(undefined), [])
  assert.deepEqual(change('UTC'), [
    'spec.schedule: Invalid value: "TZ=UTC 1 * * * *": cannot use both timeZone field and TZ or CRON_TZ in schedule',
  ])
})

test('the jobs of a cron job are checked, and get their selectors when they are made', () => {
  refused(
    { jobTemplate: { spec: { template: { spec: { containers: pod.spec.containers } } } } },
    'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  )
  refused(
    {
      jobTemplate: {
        spec: { template: pod, selector: { matchLabels: { a: 'b' } }, manualSelector: true },
      },
    },
    'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
    'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
  )
})

test('the name of a cron job leaves room for the time in its jobs names', () => {
  const metadata = { name: 'a'.repeat(53), namespace: 'n' }
  assert.deepEqual(refusalsOf(cronJobKind, { metadata, ...cronJob() }), [
    `metadata.name: Invalid value: "${metadata.name}": must be no more than 52 characters`,
  ])
})

test('parseSchedule reads stars, lists, ranges, steps and names', () => {
  const schedule = parseSchedule('*/20 1,3-5 10/10 feb MON-wed')
  assert.equal(schedule.type, 'fields')
  assert.deepEqual(
    [schedule.minutes, schedule.hours, schedule.daysOfMonth, schedule.months, schedule.daysOfWeek],
    [[0, 20, 40], [1, 3, 4, 5], [10, 20, 30], [2], [1, 2, 3]].map((values) => new Set(values)),
  )
  assert.deepEqual([schedule.anyDayOfMonth, schedule.anyDayOfWeek], [false, false])
  const daily = parseSchedule('@daily')
  assert.ok(daily.type === 'fields' && daily.anyDayOfMonth && daily.anyDayOfWeek)
  assert.deepEqual(parseSchedule('@every 1h30m'), { type: 'every', seconds: 5400 })
  assert.deepEqual(parseSchedule('@every 10ms'), { type: 'every', seconds: 1 })
})

test('parseSchedule says what is wrong', () => {
  const wrong: Record<string, string> = {
    '': 'empty spec string',
    '* * *': 'expected exactly 5 fields, found 3: [* * *]',
    '@sometimes': 'unrecognized descriptor: @sometimes',
    '@every x': 'failed to parse duration @every x: time: invalid duration "x"',
    '60 * * * *': 'end of range (60) above maximum (59): 60',
    '* * 0 * *': 'beginning of range (0) below minimum (1): 0',
    '5-1 * * * *': 'beginning of range (5) beyond end of range (1): 5-1',
    '*/0 * * * *': 'step of range should be a positive number: */0',
    '1-2-3 * * * *': 'too many hyphens: 1-2-3',
    '1/2/3 * * * *': 'too many slashes: 1/2/3',
    '* * * * 7': 'end of range (7) above maximum (6): 7',
    'x * * * *': 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax',
  }
  for (const [text, message] of Object.entries(wrong))
    assert.throws(() => parseSchedule(text), new ScheduleError(message), text)
})
