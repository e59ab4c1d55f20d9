// Whether a type can stand where another is wanted, and what the parameters of a signature then are.
import type { CelType } from '../types.ts'
import { DYN, sizeMaxOf } from '../types.ts'

export type Substitution = Map<string, CelType>

/** Fills `found` with what parameters of `wanted` stand for. */
export function isAssignable(wanted: CelType, given: CelType, found: Substitution): boolean {
  if (wanted.kind === 'parameter') return bind(wanted.name, given, found)
  if (wanted.kind === 'dyn' || given.kind === 'dyn' || given.kind === 'parameter') return true
  if (given.kind === 'null') return wanted.kind === 'null' || isNullable(wanted)
  switch (wanted.kind) {
    case 'list':
      return given.kind === 'list' && isAssignable(wanted.element, given.element, found)
    case 'map':
      return (
        given.kind === 'map' &&
        isAssignable(wanted.key, given.key, found) &&
        isAssignable(wanted.value, given.value, found)
      )
    case 'optional':
      return given.kind === 'optional' && isAssignable(wanted.value, given.value, found)
    case 'type':
      return given.kind === 'type'
    case 'object':
    case 'opaque':
      return given.kind === wanted.kind && given.name === wanted.name
    default:
      return given.kind === wanted.kind
  }
}

const isNullable = ({ kind }: CelType): boolean =>
  kind === 'object' || kind === 'opaque' || kind === 'duration' || kind === 'timestamp'

function bind(name: string, given: CelType, found: Substitution): boolean {
  const known = found.get(name)
  if (known === undefined || (known.kind === 'null' && isNullable(given))) {
    found.set(name, given)
    return true
  }
  if (!isAssignable(known, given, new Map())) return false
  found.set(name, widest(known, given))
  return true
}

/** Of two types of which one can stand for the other: dyn if one is, and the larger size. */
export function widest(one: CelType, other: CelType): CelType {
  if (one.kind === 'dyn' || other.kind === 'dyn') return DYN
  if (one.kind === 'null') return other
  if (one.kind === 'list' && other.kind === 'list')
    return { ...one, element: widest(one.element, other.element), sizeMax: larger(one, other) }
  if (one.kind === 'map' && other.kind === 'map')
    return { ...one, value: widest(one.value, other.value), sizeMax: larger(one, other) }
  if (one.kind === 'string' || one.kind === 'bytes') return { ...one, sizeMax: larger(one, other) }
  return one
}

const larger = (one: CelType, other: CelType): number => Math.max(sizeMaxOf(one), sizeMaxOf(other))

export function substitute(type: CelType, found: Substitution): CelType {
  switch (type.kind) {
    case 'parameter':
      return found.get(type.name) ?? DYN
    case 'list':
      return { ...type, element: substitute(type.element, found) }
    case 'map':
      return { ...type, key: substitute(type.key, found), value: substitute(type.value, found) }
    case 'optional':
      return { ...type, value: substitute(type.value, found) }
    default:
      return type
  }
}
