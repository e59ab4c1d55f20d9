// Finds the type of every part of an expression, and which functions its calls can mean.
import type { Environment } from '../environment.ts'
import type { Overload } from '../functions/define.ts'
import type { Call, Expression, Fold } from '../syntax/expression.ts'
import type { Problem } from '../syntax/syntax-error.ts'
import type { CelType } from '../types.ts'
import { BOOL, DYN, formatType, INT, listOf, mapOf, optionalOf, unsized } from '../types.ts'
import { isAssignable, widest } from './assignable.ts'
import { literalProblem } from './literal-argument.ts'
import { literalType, TYPE_NAMES } from './literal-type.ts'
import { resolveOverloads } from './resolve-overloads.ts'

export interface ResolvedCall {
  overloads: readonly Overload[]
  /** The target first. */
  args: readonly Expression[]
}

export interface Checked {
  expression: Expression
  types: ReadonlyMap<Expression, CelType>
  calls: ReadonlyMap<Expression, ResolvedCall>
  result: CelType
  /** The variables of the environment that it refers to. */
  variables: ReadonlySet<string>
}

export function check(
  expression: Expression,
  environment: Environment,
): { checked: Checked; problems: readonly Problem[] } {
  const checker = new Checker(environment)
  const result = checker.check(expression)
  const { types, calls, variables, problems } = checker
  return { checked: { expression, types, calls, result, variables }, problems }
}

class Checker {
  readonly types = new Map<Expression, CelType>()
  readonly calls = new Map<Expression, ResolvedCall>()
  readonly variables = new Set<string>()
  readonly problems: Problem[] = []
  readonly #environment: Environment
  /** Names bound by macros, the innermost last. */
  readonly #scope: { name: string; type: CelType }[] = []
  /** Above 0 where the elements of a list need not be of one type. */
  #mixedLists = 0

  constructor(environment: Environment) {
    this.#environment = environment
  }

  check(expression: Expression): CelType {
    const type = this.#typeOf(expression)
    this.types.set(expression, type)
    return type
  }

  #problem(message: string, at: number): CelType {
    this.problems.push({ message, at })
    return DYN
  }

  #typeOf(expression: Expression): CelType {
    switch (expression.kind) {
      case 'literal':
        return literalType(expression.value)
      case 'name':
        return this.#name(expression.name, expression.at)
      case 'select':
        return this.#select(expression)
      case 'index':
        return this.#index(expression)
      case 'call':
        return this.#call(expression)
      case 'and':
      case 'or':
        return this.#logic(expression)
      case 'conditional':
        return this.#conditional(expression)
      case 'list':
        return this.#list(expression)
      case 'map':
        return this.#map(expression)
      case 'struct':
        return this.#struct(expression)
      case 'fold':
        return this.#fold(expression)
      case 'bind':
        return this.#within([[expression.name, this.check(expression.value)]], () =>
          this.check(expression.body),
        )
      case 'optMap':
        return this.#optMap(expression)
    }
  }

  #name(name: string, at: number): CelType {
    const plain = name.replace(/^\./, '')
    const local = this.#scope.findLast((one) => one.name === name)
    if (local !== undefined) return local.type
    const { variables } = this.#environment
    if (Object.hasOwn(variables, plain)) {
      this.variables.add(plain)
      return variables[plain]!
    }
    if (Object.hasOwn(TYPE_NAMES, plain)) return { kind: 'type', of: TYPE_NAMES[plain]! }
    return this.#problem(`undeclared reference to '${plain}' (in container '')`, at)
  }

  #select(expression: Expression & { kind: 'select' }): CelType {
    const { operand, field, optional, test, at } = expression
    const typeName = dottedName(expression)
    if (typeName !== undefined && Object.hasOwn(TYPE_NAMES, typeName))
      return { kind: 'type', of: TYPE_NAMES[typeName]! }
    const variable = this.#qualifiedVariable(typeName)
    if (variable !== undefined && !test) return variable
    const of = this.check(operand)
    const type = this.#field(of, field, at)
    if (test) return BOOL
    return optional || of.kind === 'optional' ? asOptional(type) : type
  }

  /** Names of variables may have dots. */
  #qualifiedVariable(name: string | undefined): CelType | undefined {
    const { variables } = this.#environment
    if (name === undefined || !Object.hasOwn(variables, name)) return undefined
    if (this.#scope.some((one) => name.startsWith(`${one.name}.`))) return undefined
    this.variables.add(name)
    return variables[name]
  }

  #field(operand: CelType, field: string, at: number): CelType {
    switch (operand.kind) {
      case 'dyn':
        return DYN
      case 'map':
        // Kubernetes' estimate knows the size of `m['a']`, but not of `m.a`.
        return unsized(operand.value)
      case 'object':
        return operand.field(field) ?? this.#problem(`undefined field '${field}'`, at)
      case 'optional':
        return this.#field(operand.value, field, at)
      default:
        return this.#problem(`type '${formatType(operand)}' does not support field selection`, at)
    }
  }

  #index(expression: Expression & { kind: 'index' }): CelType {
    const operand = this.check(expression.operand)
    const index = this.check(expression.index)
    const inner = operand.kind === 'optional' ? operand.value : operand
    const type = elementAt(inner, index)
    if (type === undefined)
      return this.#problem(
        `found no matching overload for '_[${expression.optional ? '?' : ''}_]' applied to '(${formatType(operand)}, ${formatType(index)})'`,
        expression.at,
      )
    return expression.optional || operand.kind === 'optional' ? asOptional(type) : type
  }

  #call(call: Call): CelType {
    const { name, target, args, at } = call
    const { library } = this.#environment
    const qualified = this.#qualifiedFunction(call)
    const isMember = target !== undefined && qualified === undefined
    const all = isMember ? [target, ...args] : args
    // What is formatted may be of any types.
    const isFormat = isMember && name === 'format'
    if (isFormat) this.#mixedLists++
    const types = all.map((one) => this.check(one))
    if (isFormat) this.#mixedLists--
    const candidates = library.find(qualified ?? name, isMember)
    if (candidates.length === 0 && !library.has(qualified ?? name))
      return this.#problem(`undeclared reference to '${name}' (in container '')`, at)
    const resolved = resolveOverloads(candidates, types)
    if (resolved === undefined)
      return this.#problem(noOverload(qualified ?? name, types, isMember), at)
    const problem = literalProblem(call)
    if (problem !== undefined) this.problems.push(problem)
    this.calls.set(call, { overloads: resolved.overloads, args: all })
    return resolved.result
  }

  /** "math.greatest" in `math.greatest(1, 2)`, unless `math` is a variable. */
  #qualifiedFunction({ name, target }: Call): string | undefined {
    const space = target === undefined ? undefined : dottedName(target)
    if (space === undefined) return undefined
    const root = space.split('.')[0]!
    if (this.#scope.some((one) => one.name === root)) return undefined
    if (Object.hasOwn(this.#environment.variables, root)) return undefined
    const qualified = `${space}.${name}`
    return this.#environment.library.find(qualified, false).length > 0 ? qualified : undefined
  }

  #logic({ kind, operands, at }: Expression & { kind: 'and' | 'or' }): CelType {
    const types = operands.map((one) => this.check(one))
    if (types.every((type) => isAssignable(BOOL, type, new Map()))) return BOOL
    const name = kind === 'and' ? '_&&_' : '_||_'
    return this.#problem(noOverload(name, types.slice(0, 2), false), at)
  }

  #conditional({ test, yes, no, at }: Expression & { kind: 'conditional' }): CelType {
    const types = [test, yes, no].map((one) => this.check(one))
    const [condition, one, other] = types as [CelType, CelType, CelType]
    const fits = isAssignable(BOOL, condition, new Map())
    if (fits && isAssignable(one, other, new Map())) return widest(one, other)
    if (fits && isAssignable(other, one, new Map())) return widest(other, one)
    return this.#problem(noOverload('_?_:_', types, false), at)
  }

  /** Elements, keys and values must be of one type, or dyn. */
  #joined(parts: readonly { type: CelType; at: number }[]): CelType {
    let joined: CelType | undefined
    for (const { type, at } of parts) {
      if (joined === undefined) joined = type
      else if (isAssignable(joined, type, new Map())) joined = widest(joined, type)
      else if (this.#mixedLists > 0) return DYN
      else {
        const message = `expected type '${formatType(joined)}' but found '${formatType(type)}'`
        return this.#problem(message, at)
      }
    }
    return joined ?? DYN
  }

  #part(value: Expression, optional: boolean): { type: CelType; at: number } {
    const type = this.check(value)
    return { type: optional && type.kind === 'optional' ? type.value : type, at: value.at }
  }

  #list({ items }: Expression & { kind: 'list' }): CelType {
    const parts = items.map(({ value, optional }) => this.#part(value, optional))
    return listOf(this.#joined(parts), items.length)
  }

  #map({ entries }: Expression & { kind: 'map' }): CelType {
    const keys = entries.map(({ key }) => this.#part(key, false))
    const values = entries.map(({ value, optional }) => this.#part(value, optional))
    return mapOf(this.#joined(keys), this.#joined(values), entries.length)
  }

  #struct({ name, fields, at }: Expression & { kind: 'struct' }): CelType {
    const struct = this.#environment.struct?.(name.replace(/^\./, ''))
    for (const { value } of fields) this.check(value)
    if (struct === undefined)
      return this.#problem(`undeclared reference to '${name}' (in container '')`, at)
    for (const field of fields) {
      const wanted = struct.field(field.name)
      const given = this.types.get(field.value)!
      const inner = field.optional && given.kind === 'optional' ? given.value : given
      if (wanted === undefined) this.#problem(`undefined field '${field.name}'`, field.at)
      else if (!isAssignable(wanted, inner, new Map()))
        this.#problem(
          `expected type of field '${field.name}' is '${formatType(wanted)}' but provided type is '${formatType(inner)}'`,
          field.at,
        )
    }
    return struct.type
  }

  #within<T>(names: readonly (readonly [string, CelType])[], body: () => T): T {
    for (const [name, type] of names) this.#scope.push({ name, type })
    const result = body()
    this.#scope.length -= names.length
    return result
  }

  #fold(fold: Fold): CelType {
    const range = this.check(fold.range)
    const elements = elementsOf(range, fold.names.length)
    if (elements === undefined)
      return this.#problem(
        `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        fold.range.at,
      )
    const names = fold.names.map((name, index) => [name, elements[index]!] as const)
    return this.#within(names, () => {
      if (fold.condition !== undefined) this.#expectBool(fold.condition)
      const body = this.check(fold.body)
      const sizeMax = 'sizeMax' in range ? range.sizeMax : undefined
      switch (fold.macro) {
        case 'map':
        case 'transformList':
          return listOf(body, sizeMax)
        case 'transformMap':
          return mapOf(range.kind === 'list' ? INT : elements[0], body, sizeMax)
        case 'transformMapEntry':
          return body.kind === 'map' ? mapOf(body.key, body.value, sizeMax) : DYN
        case 'filter':
          this.#expectBool(fold.body)
          return listOf(elements[0], sizeMax)
        default:
          this.#expectBool(fold.body)
          return BOOL
      }
    })
  }

  #expectBool(expression: Expression): void {
    const type = this.types.get(expression) ?? this.check(expression)
    if (!isAssignable(BOOL, type, new Map()))
      this.#problem(`expected type 'bool' but found '${formatType(type)}'`, expression.at)
  }

  #optMap({ operand, name, body, flat, at }: Expression & { kind: 'optMap' }): CelType {
    const type = this.check(operand)
    if (type.kind !== 'optional' && type.kind !== 'dyn')
      return this.#problem(noOverload(flat ? 'optFlatMap' : 'optMap', [type], true), at)
    const inner = type.kind === 'optional' ? type.value : DYN
    const result = this.#within([[name, inner]], () => this.check(body))
    return flat ? result : optionalOf(result)
  }
}

const asOptional = (type: CelType): CelType => (type.kind === 'optional' ? type : optionalOf(type))

function noOverload(name: string, types: readonly CelType[], isMember: boolean): string {
  const [target, ...rest] = types.map(formatType)
  const given = isMember
    ? `${target}.(${rest.join(', ')})`
    : `(${types.map(formatType).join(', ')})`
  return `found no matching overload for '${name}' applied to '${given}'`
}

function elementAt(operand: CelType, index: CelType): CelType | undefined {
  if (operand.kind === 'dyn') return DYN
  if (operand.kind === 'list')
    return isAssignable(INT, index, new Map()) ? operand.element : undefined
  if (operand.kind !== 'map') return undefined
  return isAssignable(operand.key, index, new Map()) ? operand.value : undefined
}

/** The types of the one or two names of a macro; undefined for what has no elements. */
function elementsOf(range: CelType, count: number): [CelType, CelType] | undefined {
  if (range.kind === 'dyn') return [DYN, DYN]
  if (range.kind === 'map') return [range.key, range.value]
  if (range.kind !== 'list') return undefined
  return count === 1 ? [range.element, DYN] : [INT, range.element]
}

/** "a.b" for what selects b of a. */
export function dottedName(expression: Expression): string | undefined {
  if (expression.kind === 'name') return expression.name
  if (expression.kind !== 'select' || expression.optional || expression.test) return undefined
  const operand = dottedName(expression.operand)
  return operand === undefined ? undefined : `${operand}.${expression.field}`
}
