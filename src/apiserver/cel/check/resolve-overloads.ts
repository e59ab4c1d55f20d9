// Which overloads of a function a call can mean: several, where types are only known as it runs.
import type { Overload } from '../functions/define.ts'
import type { CelType } from '../types.ts'
import { DYN, formatType, sizesMaxOf } from '../types.ts'
import type { Substitution } from './assignable.ts'
import { isAssignable, substitute, widest } from './assignable.ts'

export interface Resolved {
  overloads: readonly Overload[]
  result: CelType
}

/** Undefined when none fits. */
export function resolveOverloads(
  candidates: readonly Overload[],
  types: readonly CelType[],
): Resolved | undefined {
  const fitting: Overload[] = []
  let result: CelType | undefined
  for (const candidate of candidates) {
    const found = fit(candidate, types)
    if (found === undefined) continue
    fitting.push(candidate)
    const type = withSize(substitute(candidate.result, found), candidate, types)
    if (result === undefined) result = type
    else result = formatType(result) === formatType(type) ? widest(result, type) : DYN
  }
  return result === undefined ? undefined : { overloads: fitting, result }
}

function fit({ parameters }: Overload, types: readonly CelType[]): Substitution | undefined {
  if (parameters.length !== types.length) return undefined
  const found: Substitution = new Map()
  return parameters.every((parameter, index) => isAssignable(parameter, types[index]!, found))
    ? found
    : undefined
}

function withSize(type: CelType, overload: Overload, types: readonly CelType[]): CelType {
  const { sizeMax, usesElements = false } = overload
  if (sizeMax === undefined) return type
  const size = sizeMax(...sizesMaxOf(types, usesElements))
  return type.kind === 'string' || type.kind === 'bytes' || type.kind === 'list'
    ? { ...type, sizeMax: size }
    : type
}
