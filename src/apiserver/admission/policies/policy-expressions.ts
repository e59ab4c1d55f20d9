// The expressions of a policy, compiled in the order in which they can refer to one another.
import type { Program } from '../../cel/cel.ts'
import { compile } from '../../cel/cel.ts'
import type { StructType } from '../../cel/environment.ts'
import type { CelType } from '../../cel/types.ts'
import { DYN } from '../../cel/types.ts'
import type { MatchCondition, ParamKind, Variable } from '#kinds/k8s/admissionregistration.ts'
import { policyEnvironment } from './policy-environment.ts'

/** A program, or why there is none. */
export type Part = Program | string

export interface NamedPart {
  name: string
  expression: string
  program: Part
}

export interface PolicyScope {
  paramKind?: ParamKind | undefined
  matchConditions?: readonly MatchCondition[] | undefined
  variables?: readonly Variable[] | undefined
}

/** Types of what a policy is about, for checking it; dyn where a policy is only run. */
export interface PolicyTypes {
  object?: CelType
  params?: CelType
  struct?: (name: string) => StructType | undefined
}

export interface Expressions {
  conditions: readonly NamedPart[]
  variables: readonly NamedPart[]
  /** Compiles one more expression, which may refer to the variables. */
  compile(text: string, wanted?: readonly CelType['kind'][]): Part
}

export function compileExpressions(scope: PolicyScope, types: PolicyTypes = {}): Expressions {
  const known = new Map<string, CelType>()
  const variablesType: CelType = {
    kind: 'object',
    name: 'kubernetes.variables',
    field: (name) => known.get(name),
    propertyOf: (name) => name,
  }
  const params = scope.paramKind === undefined ? {} : { params: types.params ?? DYN }
  const { object = DYN } = types
  const struct = types.struct === undefined ? {} : { struct: types.struct }
  const base = { ...params, object, hasNamespace: true, ...struct }
  // Conditions come before variables: they cannot refer to them.
  const early = policyEnvironment(base)
  const environment = policyEnvironment({ ...base, variables: variablesType })
  const variables = (scope.variables ?? []).map(({ name, expression }): NamedPart => {
    const compiled = compile(expression, environment)
    known.set(name, compiled.ok ? compiled.program.result : DYN)
    const program = compiled.ok ? compiled.program : `compilation failed: ${compiled.message}`
    return { name, expression, program }
  })
  return {
    variables,
    conditions: (scope.matchConditions ?? []).map(({ name, expression }) => ({
      name,
      expression,
      program: compilePart(expression, early, ['bool']),
    })),
    compile: (text, wanted) => compilePart(text, environment, wanted),
  }
}

export function compilePart(
  text: string,
  environment: Parameters<typeof compile>[1],
  wanted?: readonly CelType['kind'][],
): Part {
  const compiled = compile(text, environment)
  if (!compiled.ok) return `compilation failed: ${compiled.message}`
  const { kind } = compiled.program.result
  if (wanted === undefined || kind === 'dyn' || wanted.includes(kind)) return compiled.program
  return wanted.length === 1
    ? `must evaluate to ${wanted[0]}`
    : `must evaluate to one of the following types: [${wanted.join(' ')}]`
}
