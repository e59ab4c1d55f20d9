// The part of Kubernetes' JSONPath that printer columns use: fields, indices, slices, `[*]`, `..` and filters
// on one field, such as `.status.conditions[?(@.type=="Ready")].status`.
import { isRecord } from '../body.ts'

type Step = (values: readonly unknown[]) => unknown[]

// A field ends where the next step begins; a backslash keeps a dot in it.
const FIELD = /^\.?((?:\\.|[^.,[\]$@{}\s\\*])+)/
const QUOTED = /^\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/
const INDEX = /^\[\s*(-?\d+)\s*\]/
const SLICE = /^\[\s*(-?\d*)\s*:\s*(-?\d*)\s*\]/
const DESCENT = /^\.\.(?=[^.])/
const ALL = /^(?:\[\s*\*\s*\]|\.\*)/
const FILTER =
  /^\[\?\(\s*@((?:\.(?:\\.|[\w-])+)+)\s*(?:(==|!=|<=|>=|<|>)\s*(?:'([^']*)'|"([^"]*)"|([\w.-]+))\s*)?\)\]/

/** Undefined when the path is not of that part. */
export function compileJsonPath(text: string): ((object: unknown) => unknown[]) | undefined {
  let rest = text.replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '')
  // Each descent can multiply what there is to look at: one is enough.
  if (rest.split('..').length > 2) return undefined
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
  const slice = SLICE.exec(rest)
  if (slice !== null) {
    const [from, to] = [
      slice[1] === '' ? 0 : Number(slice[1]),
      slice[2] === '' ? undefined : Number(slice[2]),
    ]
    const apply: Step = (values) =>
      values.flatMap((value) => (Array.isArray(value) ? (value.slice(from, to) as unknown[]) : []))
    return { apply, length: slice[0].length }
  }
  if (DESCENT.test(rest)) return { apply: (values) => values.flatMap(descendants), length: 1 }
  const field = QUOTED.exec(rest) ?? FIELD.exec(rest)
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

/** The value and all that is inside of it. */
function descendants(value: unknown): unknown[] {
  return [value, ...children(value).flatMap(descendants)]
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function orderOf(value: unknown, wanted: string): number {
  if (typeof value === 'number') return value - Number(wanted)
  const text = String(value as string | boolean)
  return text === wanted ? 0 : text < wanted ? -1 : 1
}

function filterStep(match: RegExpExecArray): Step {
  const path = match[1]!
    .slice(1)
    .split(/(?<!\\)\./)
    .map((part) => part.replaceAll(/\\(.)/g, '$1'))
  const wanted = match[3] ?? match[4] ?? match[5]
  const holds = match[2] === undefined ? () => true : COMPARISONS[match[2]]!
  return (values) =>
    values.flatMap(children).filter((child) => {
      let at: unknown = child
      for (const part of path) at = fieldOf(at, part)
      if (at === undefined) return match[2] === '!='
      return holds(wanted === undefined ? 0 : orderOf(at, wanted))
    })
}
