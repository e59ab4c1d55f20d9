// Puts the rules of a schema to an object, within a budget.
import type { Program } from '../../cel/cel.ts'
import { evaluate } from '../../cel/cel.ts'
import { fromJson } from '../../cel/json-value.ts'
import type { CelValue } from '../../cel/values.ts'
import { CostError, NONE, Optional } from '../../cel/values.ts'
import type { FieldError } from '#kinds/definition.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { isRecord } from '../../body.ts'
import type { CompiledRule, RuleSet } from './compile-rules.ts'

/** What one expression may cost, and all rules of an object together. */
export const ruleLimits = {
  callCostMax: 1_000_000,
  budget: 10_000_000,
  messageLengthMax: 5_120,
} as const

export interface Subject {
  value: unknown
  /** What the value replaces; undefined where there was none, or none that can be told to be the same. */
  old: unknown
  /** Whether the value, or something it stands in, is what it was: it may then break rules that came later. */
  isUnchanged: boolean
  path: string
}

export function runRules(set: RuleSet, value: unknown, old: unknown): FieldError[] {
  const isUnchanged = old !== undefined && deepEqual(value, old)
  return new Runner().run(set, { value, old, isUnchanged, path: '' })
}

const OUT_OF_BUDGET =
  'validation failed due to running out of cost budget, no further validation rules will be run'

class Runner {
  #budget: number = ruleLimits.budget
  readonly #errors: FieldError[] = []

  run(set: RuleSet, subject: Subject): FieldError[] {
    this.#visit(set, subject)
    return this.#errors
  }

  get #isSpent(): boolean {
    return this.#budget < 0
  }

  #visit(set: RuleSet, subject: Subject): void {
    // Rules about null stand where the field is declared.
    if (this.#isSpent || subject.value === null || subject.value === undefined) return
    if (set.rules.length > 0) this.#rules(set, subject)
    const { value, path } = subject
    if (Array.isArray(value) && set.items !== undefined) {
      for (const [index, item] of value.entries())
        this.#visit(
          set.items,
          child(subject, item, oldItem(set, subject.old, item), `${path}[${index}]`),
        )
    } else if (isRecord(value)) {
      const old = isRecord(subject.old) ? subject.old : {}
      for (const [key, item] of Object.entries(value)) {
        const property = set.properties.get(key)
        const below = property ?? set.values
        const at = property === undefined ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
        if (below !== undefined) this.#visit(below, child(subject, item, old[key], at))
      }
    }
  }

  #rules(set: RuleSet, subject: Subject): void {
    if (this.#budget <= 0) return this.#giveUp(subject, OUT_OF_BUDGET)
    const self = fromJson(subject.value, set.type)
    const old =
      subject.old === undefined || subject.old === null
        ? undefined
        : fromJson(subject.old, set.type)
    for (const rule of set.rules) {
      if (this.#isSpent) return
      this.#rule(rule, subject, { self, old })
    }
  }

  #giveUp(subject: Subject, detail: string): void {
    this.#errors.push(ruleError(subject.path, subject.value, detail))
    this.#budget = -1
  }

  #evaluate(program: Program, { self, old }: Selves, isOptional: boolean) {
    const oldSelf: CelValue | undefined = isOptional
      ? old === undefined
        ? NONE
        : new Optional(old)
      : old
    const bindings = oldSelf === undefined ? { self } : { self, oldSelf }
    const result = evaluate(program, bindings, ruleLimits.callCostMax)
    this.#budget -= result.cost
    return result
  }

  #rule(compiled: CompiledRule, subject: Subject, selves: Selves): void {
    const { rule, program, usesOldSelf } = compiled
    const { path, value } = subject
    const isOptional = rule.optionalOldSelf === true
    if (typeof program === 'string') {
      this.#errors.push(ruleError(path, value, `rule compile error: ${program}`))
      return
    }
    if (usesOldSelf && selves.old === undefined && !isOptional) return
    const result = this.#evaluate(program, selves, isOptional)
    const named = rule.message?.trim() || rule.rule.trim()
    if (!result.ok && result.error instanceof CostError)
      return this.#giveUp(
        subject,
        `'${result.error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${named}`,
      )
    if (this.#isSpent) return this.#giveUp(subject, OUT_OF_BUDGET)
    if (!result.ok) {
      const { message } = result.error
      const detail = message.startsWith('no such overload')
        ? `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${named}`
        : `${message} evaluating rule: ${named}`
      this.#errors.push(ruleError(path, value, detail))
    } else if (result.value !== true) this.#refuse(compiled, subject, selves)
  }

  #refuse(compiled: CompiledRule, { path, value, isUnchanged }: Subject, selves: Selves): void {
    const { rule, usesOldSelf } = compiled
    const message = this.#message(compiled, selves)
    // What was stored before the rule came must not be in the way of other changes.
    if (isUnchanged && !usesOldSelf) return
    const at = rule.fieldPath === undefined ? path : joined(path, rule.fieldPath)
    this.#errors.push(ruleError(at, value, message, rule.reason))
    if (this.#isSpent)
      this.#errors.push(
        ruleError(
          path,
          value,
          `messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run`,
        ),
      )
  }

  #message({ rule, message }: CompiledRule, selves: Selves): string {
    const plain = rule.message?.trim() || `failed rule: ${rule.rule.trim()}`
    if (message === undefined || typeof message === 'string') return plain
    const result = this.#evaluate(message, selves, rule.optionalOldSelf === true)
    const text = result.ok && typeof result.value === 'string' ? result.value.trim() : ''
    const isUsable =
      text !== '' && text.length <= ruleLimits.messageLengthMax && !/[\r\n]/.test(text)
    return isUsable ? text : plain
  }
}

interface Selves {
  self: CelValue
  old: CelValue | undefined
}

function child({ isUnchanged }: Subject, value: unknown, old: unknown, path: string): Subject {
  return {
    value,
    old,
    path,
    isUnchanged: isUnchanged || (old !== undefined && deepEqual(value, old)),
  }
}

/** The element that had the same keys. */
function oldItem({ listKeys }: RuleSet, old: unknown, item: unknown): unknown {
  if (listKeys === undefined || !Array.isArray(old) || !isRecord(item)) return undefined
  return old.find(
    (one: unknown) => isRecord(one) && listKeys.every((key) => deepEqual(one[key], item[key])),
  ) as unknown
}

function joined(path: string, fieldPath: string): string {
  const below = fieldPath
    .trim()
    .replace(/^\./, '')
    .replaceAll(/\['((?:[^'\\]|\\.)*)'\]/g, '[$1]')
  return path === '' || below.startsWith('[') ? path + below : `${path}.${below}`
}

/** Objects and lists are not shown: they can be large. */
function ruleError(
  path: string,
  value: unknown,
  detail: string,
  reason: string = 'FieldValueInvalid',
): FieldError {
  const field = path === '' ? '<nil>' : path
  const shown = typeof value === 'object' ? '' : `: ${JSON.stringify(value)}`
  switch (reason) {
    case 'FieldValueForbidden':
      return { field, reason, message: `Forbidden: ${detail}` }
    case 'FieldValueRequired':
      return { field, reason, message: `Required value: ${detail}` }
    case 'FieldValueDuplicate':
      return { field, reason, message: `Duplicate value${shown}` }
    default:
      return { field, reason, message: `Invalid value${shown}: ${detail}` }
  }
}
