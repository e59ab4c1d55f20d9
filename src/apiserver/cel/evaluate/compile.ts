// Makes a checked expression into a function: each part of it becomes a closure over its own parts.
import type { Checked, ResolvedCall } from '../check/checker.ts'
import { dottedName } from '../check/checker.ts'
import { TYPE_NAMES } from '../check/literal-type.ts'
import type { Environment } from '../environment.ts'
import type { Overload } from '../functions/define.ts'
import { matchesType } from '../functions/matches-type.ts'
import type { Expression } from '../syntax/expression.ts'
import type { CelType } from '../types.ts'
import { formatType } from '../types.ts'
import type { CelValue } from '../values.ts'
import {
  CelError,
  deepSizeOf,
  EntryMap,
  isList,
  noSuchOverload,
  NONE,
  Optional,
  sizeOf,
  TypeValue,
} from '../values.ts'
import { fieldOf, isSet, itemAt, optionalField, optionalItem } from './access.ts'
import { compileFold } from './compile-fold.ts'
import { constantOf, isPrimitive } from './constants.ts'
import { costs } from './costs.ts'
import type { Run } from './frame.ts'

export class Compiler {
  readonly #checked: Checked
  readonly #environment: Environment
  readonly #scope: string[] = []

  constructor(checked: Checked, environment: Environment) {
    this.#checked = checked
    this.#environment = environment
  }

  compile(expression: Expression): Run {
    const constant = constantOf(expression, this.#checked)
    if (constant !== undefined) return () => constant
    switch (expression.kind) {
      case 'literal':
        return () => expression.value
      case 'name':
        return this.#name(expression.name)
      case 'select':
        return this.#select(expression)
      case 'index':
        return this.#index(expression)
      case 'call':
        return this.#call(this.#checked.calls.get(expression)!)
      case 'and':
      case 'or':
        return logic(
          expression.operands.map((one) => this.compile(one)),
          expression.kind === 'or',
        )
      case 'conditional':
        return this.#conditional(expression)
      case 'list':
        return this.#list(expression)
      case 'map':
        return this.#map(expression)
      case 'struct':
        return this.#struct(expression)
      case 'fold':
        return compileFold(this, expression)
      case 'bind':
        return this.#bind(expression)
      case 'optMap':
        return this.#optMap(expression)
    }
  }

  /** Compiles what is inside a macro; the slots are those of its names. */
  within<T>(names: readonly string[], body: (slots: readonly number[]) => T): T {
    const first = this.#scope.length
    this.#scope.push(...names)
    const result = body(names.map((_, index) => first + index))
    this.#scope.length = first
    return result
  }

  #name(name: string): Run {
    const slot = this.#scope.lastIndexOf(name)
    if (slot >= 0)
      return (frame) => {
        frame.spend(costs.access)
        return frame.slots[slot]!
      }
    const plain = name.replace(/^\./, '')
    if (!Object.hasOwn(this.#environment.variables, plain)) return typeNamed(plain)
    return (frame) => {
      frame.spend(costs.access)
      return frame.variable(plain)
    }
  }

  #select(expression: Expression & { kind: 'select' }): Run {
    const { operand, field, optional, test } = expression
    const type = this.#checked.types.get(operand)
    // The checker took the whole for one name.
    if (type === undefined) return this.#name(dottedName(expression) ?? field)
    const property = propertyOf(type, field)
    const of = this.compile(operand)
    const read = test ? isSet : optional ? optionalField : fieldOf
    return (frame) => {
      const value = of(frame)
      if (!test) frame.spend(costs.access)
      return read(value, property)
    }
  }

  #index({ operand, index, optional }: Expression & { kind: 'index' }): Run {
    const of = this.compile(operand)
    const at = this.compile(index)
    const read = optional ? optionalItem : itemAt
    // What a variable is looked up by has its own cost already.
    const isLiteral = index.kind === 'literal'
    return (frame) => {
      const value = of(frame)
      const key = at(frame)
      if (isLiteral) frame.spend(costs.access)
      return read(value, key)
    }
  }

  #call({ overloads, args }: ResolvedCall): Run {
    const list = args[1] === undefined ? undefined : constantOf(args[1], this.#checked)
    const isLookup = overloads[0]?.name === '@in' && isList(list ?? null)
    const isFree = isLookup && (list as readonly CelValue[]).every(isPrimitive)
    const runs = args.map((one) => this.compile(one))
    return (frame) => {
      const values = runs.map((run) => run(frame))
      const overload = overloads.find(({ parameters }) =>
        parameters.every((type, index) => matchesType(values[index]!, type)),
      )
      if (overload === undefined) throw noSuchOverload()
      if (!isFree) frame.spend(costOf(overload, values))
      return overload.run(values)
    }
  }

  #conditional({ test, yes, no }: Expression & { kind: 'conditional' }): Run {
    const condition = this.compile(test)
    const then = this.compile(yes)
    const otherwise = this.compile(no)
    return (frame) => {
      const holds = condition(frame)
      if (typeof holds !== 'boolean') throw noSuchOverload()
      return holds ? then(frame) : otherwise(frame)
    }
  }

  #list({ items }: Expression & { kind: 'list' }): Run {
    const runs = items.map(({ value, optional }) => ({ run: this.compile(value), optional }))
    return (frame) => {
      frame.spend(costs.createList)
      return runs.flatMap(({ run, optional }) => {
        const value = run(frame)
        return optional ? given(value) : [value]
      }) as CelValue
    }
  }

  #map({ entries }: Expression & { kind: 'map' }): Run {
    const runs = entries.map(({ key, value, optional }) => ({
      key: this.compile(key),
      value: this.compile(value),
      optional,
    }))
    return (frame) => {
      frame.spend(costs.createMap)
      const map = new EntryMap()
      for (const { key, value, optional } of runs) {
        const at = key(frame)
        for (const one of optional ? given(value(frame)) : [value(frame)]) map.add(at, one)
      }
      return map
    }
  }

  #struct({ name, fields }: Expression & { kind: 'struct' }): Run {
    const struct = this.#environment.struct!(name.replace(/^\./, ''))!
    const runs = fields.map((field) => ({ ...field, run: this.compile(field.value) }))
    return (frame) => {
      frame.spend(costs.createStruct)
      const values = new Map<string, CelValue>()
      for (const { name: field, run, optional } of runs)
        for (const one of optional ? given(run(frame)) : [run(frame)]) values.set(field, one)
      return struct.make(values)
    }
  }

  #bind({ name, value, body }: Expression & { kind: 'bind' }): Run {
    const bound = this.compile(value)
    return this.within([name], ([slot]) => {
      const run = this.compile(body)
      return (frame) => {
        frame.slots[slot!] = bound(frame)
        return run(frame)
      }
    })
  }

  #optMap({ operand, name, body, flat }: Expression & { kind: 'optMap' }): Run {
    const of = this.compile(operand)
    return this.within([name], ([slot]) => {
      const run = this.compile(body)
      return (frame) => {
        const [value] = given(of(frame))
        if (value === undefined) return NONE
        frame.slots[slot!] = value
        const result = run(frame)
        return flat ? result : new Optional(result)
      }
    })
  }
}

/** Calls that may look at all that is inside their arguments. */
const DEEP = new Set(['_==_', '_!=_', '@in'])

/**
 * The cost by Kubernetes' figures, and one for each hundred characters or elements that are there: some
 * figures do not grow with the arguments, but the work does.
 */
function costOf({ name, cost, usesElements }: Overload, values: readonly CelValue[]): number {
  const sizes = values.map(sizeOf)
  const seen = DEEP.has(name) ? values.map(deepSizeOf) : sizes
  const surcharge = Math.floor(seen.reduce((sum, size) => sum + size, 0) / 100)
  const list = values[0]
  if (usesElements && isList(list ?? null)) {
    const items = list as readonly CelValue[]
    const total = items.reduce<number>((sum, item) => sum + sizeOf(item), 0)
    sizes.push(items.length === 0 ? 0 : total / items.length)
  }
  return Math.ceil(cost(...sizes)) + surcharge
}

/** The value of an optional, if there is one. */
function given(value: CelValue): CelValue[] {
  if (!(value instanceof Optional)) throw noSuchOverload()
  return value.value === undefined ? [] : [value.value]
}

function typeNamed(name: string): Run {
  const type = TYPE_NAMES[name]
  if (type === undefined) throw new TypeError(`the checker let "${name}" pass`)
  const value = new TypeValue(
    name.includes('.') || name === 'null_type' ? name : formatType(type).replace(/\(.*/, ''),
  )
  return () => value
}

function propertyOf(type: CelType, field: string): string {
  const inner = type.kind === 'optional' ? type.value : type
  return inner.kind === 'object' ? inner.propertyOf(field) : field
}

/** One side that decides makes errors of the other not matter. */
function logic(runs: readonly Run[], deciding: boolean): Run {
  return (frame) => {
    let failure: CelError | undefined
    for (const run of runs) {
      try {
        const value = run(frame)
        if (value === deciding) return value
        if (typeof value !== 'boolean') failure ??= noSuchOverload()
      } catch (error) {
        if (!(error instanceof CelError)) throw error
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    return !deciding
  }
}
