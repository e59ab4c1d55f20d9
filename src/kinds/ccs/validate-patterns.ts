// What the schemas of projects and robots cannot state: that patterns are patterns and schedules are schedules.
import { parseSchedule, ScheduleError } from '#kinds/cron-schedule.ts'
import type { FieldError } from '#kinds/definition.ts'
import { invalid } from '#kinds/validate/field-error.ts'
import { patternProblem } from './image-pattern.ts'
import type { Project } from './project.ts'
import type { Robot } from './robot.ts'

function pattern(text: string | undefined, field: string): FieldError[] {
  const problem = text === undefined ? undefined : patternProblem(text)
  return problem === undefined ? [] : [invalid(field, text, problem)]
}

const selections = (
  all: readonly { repositories?: string; tags?: string }[],
  field: string,
): FieldError[] =>
  all.flatMap(({ repositories, tags }, index) => [
    ...pattern(repositories, `${field}[${index}].repositories`),
    ...pattern(tags, `${field}[${index}].tags`),
  ])

export function validateProject({ spec }: Project): FieldError[] {
  const { immutableTags = [], retention } = spec
  return [
    ...selections(immutableTags, 'spec.immutableTags'),
    ...selections(retention?.rules ?? [], 'spec.retention.rules'),
    ...schedule(retention?.schedule, 'spec.retention.schedule'),
  ]
}

export const validateRobot = ({ spec }: Robot): FieldError[] =>
  selections(spec.permissions, 'spec.permissions')

function schedule(text: string | undefined, field: string): FieldError[] {
  if (text === undefined) return []
  try {
    parseSchedule(text)
    return []
  } catch (error) {
    if (error instanceof ScheduleError) return [invalid(field, text, error.message)]
    throw error
  }
}
