// The rules of a schema (x-kubernetes-validations), compiled once for all objects.
import type { Program } from '../../cel/cel.ts'
import { compile } from '../../cel/cel.ts'
import { schemaLibrary } from '../../cel/kubernetes-library.ts'
import type { CelType } from '../../cel/types.ts'
import { optionalOf } from '../../cel/types.ts'
import type { ValidationRule } from '#kinds/k8s/apiextensions.ts'
import type { Structural } from '../structural-schema.ts'
import { itemsOf, valuesOf } from '../structural-schema.ts'
import type { SizedType } from './schema-type.ts'
import { schemaType } from './schema-type.ts'

export interface CompiledRule {
  rule: ValidationRule
  /** Or what is wrong with the rule. */
  program: Program | string
  message: Program | string | undefined
  usesOldSelf: boolean
}

/** The rules at a place of the schema and below it. */
export interface RuleSet {
  type: CelType
  rules: readonly CompiledRule[]
  properties: ReadonlyMap<string, RuleSet>
  values: RuleSet | undefined
  items: RuleSet | undefined
  /** What makes an element of a list the same as an older one; absent where nothing does. */
  listKeys: readonly string[] | undefined
}

/** Undefined where neither the schema nor anything in it has rules. */
export function compileRules(schema: Structural, isRoot: boolean): RuleSet | undefined {
  const sized = schemaType(schema, isRoot)
  const rules = sized === undefined ? [] : rulesOf(schema, sized)
  const children = (child: Structural | undefined): RuleSet | undefined =>
    child && compileRules(child, child['x-kubernetes-embedded-resource'] === true)
  const properties = new Map<string, RuleSet>()
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const set = children(property)
    if (set !== undefined) properties.set(name, set)
  }
  const values = children(valuesOf(schema))
  const items = children(itemsOf(schema))
  if (rules.length === 0 && properties.size === 0 && !values && !items) return undefined
  const isMap = schema['x-kubernetes-list-type'] === 'map'
  return {
    type: sized?.type ?? { kind: 'dyn' },
    rules,
    properties,
    values,
    items,
    listKeys: isMap ? (schema['x-kubernetes-list-map-keys'] ?? []) : undefined,
  }
}

export const rulesOf = (schema: Structural, { type }: SizedType): CompiledRule[] =>
  (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, type))

function compileRule(rule: ValidationRule, type: CelType): CompiledRule {
  const oldSelf = rule.optionalOldSelf === true ? optionalOf(type) : type
  const environment = { variables: { self: type, oldSelf }, library: schemaLibrary }
  const compileTo = (text: string, kind: 'bool' | 'string', otherwise: string) => {
    const compiled = compile(text, environment)
    if (!compiled.ok) return `compilation failed: ${compiled.message}`
    const { result } = compiled.program
    return result.kind === kind || result.kind === 'dyn' ? compiled.program : otherwise
  }
  const program = compileTo(rule.rule, 'bool', 'cel expression must evaluate to a bool')
  const { messageExpression } = rule
  return {
    rule,
    program,
    message: messageExpression
      ? compileTo(messageExpression, 'string', 'messageExpression must evaluate to a string')
      : undefined,
    usesOldSelf: typeof program !== 'string' && program.variables.has('oldSelf'),
  }
}
