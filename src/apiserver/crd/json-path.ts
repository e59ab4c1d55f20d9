// The part of Kubernetes' JSONPath that printer columns use: fields, indices, `[*]` and filters on
// one field, such as `.status.conditions[?(@.type=="Ready")].status`.
import { isRecord } from '../body.ts'

type Step = (values: readonly unknown[]) => unknown[]

const FIELD = /^\.?([A-Za-z_][\w-]*)/
const QUOTED = /^\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/
const ESCAPED_FIELD = /^\.((?:[\w-]|\\.)+)/
const INDEX = /^\[\s*(-?\d+)\s*\]/
const ALL = /^(?:\[\s*\*\s*\]|\.\*)/
const FILTER = /^\[\?\(\s*@\.([\w.-]+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([\w.-]+))\s*\)\]/

/** Undefined when the path is not of that part. */
export function compileJsonPath(text: string): ((object: unknown) => unknown[]) | undefined {
  let rest = text.replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '')
  const steps: Step[] = []
  while (rest !== '' && rest !== '.') {
    const step = nextStep(rest)
    if (step === undefined) return undefined
    steps.push(step.apply)
    rest = rest.slice(step.length)
  }
  return (object) => steps.reduce<unknown[]>((values, apply) => apply(values), [object])
}

function nextStep(rest: string): { apply: Step; length: number } | undefined {
  const filter = FILTER.exec(rest)
  if (filter !== null) return { apply: filterStep(filter), length: filter[0].length }
  const all = ALL.exec(rest)
  if (all !== null) return { apply: (values) => values.flatMap(children), length: all[0].length }
  const index = INDEX.exec(rest)
  if (index !== null) {
    const at = Number(index[1])
    const apply: Step = (values) =>
      present(values.map((value) => (Array.isArray(value) ? value.at(at) : undefined)))
    return { apply, length: index[0].length }
  }
  const field = QUOTED.exec(rest) ?? ESCAPED_FIELD.exec(rest) ?? FIELD.exec(rest)
  if (field === null) return undefined
  const name = (field[1] ?? field[2] ?? '').replaceAll(/\\(.)/g, '$1')
  return {
    apply: (values) => present(values.map((value) => fieldOf(value, name))),
    length: field[0].length,
  }
}

const present = (values: readonly unknown[]) =>
  values.filter((value) => value !== undefined && value !== null)

const fieldOf = (value: unknown, name: string): unknown =>
  isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[]
  return isRecord(value) ? Object.values(value) : []
}

function filterStep(match: RegExpExecArray): Step {
  const path = match[1]!.split('.')
  const wanted = match[3] ?? match[4] ?? match[5]!
  const negated = match[2] === '!='
  return (values) =>
    values.flatMap(children).filter((child) => {
      let at: unknown = child
      for (const part of path) at = fieldOf(at, part)
      return (at !== undefined && String(at as string | number | boolean) === wanted) !== negated
    })
}
