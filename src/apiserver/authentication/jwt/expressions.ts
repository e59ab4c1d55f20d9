// The expressions of a configuration, compiled once: over the claims of a token, and over the user that they make.
import { type CelType, DYN, listOf, mapOf, objectType, STRING } from '../../cel/types.ts'
import { compile, type Environment, evaluate, type Program } from '../../cel/cel.ts'
import { fromJson, toJson } from '../../cel/json-value.ts'
import { schemaLibrary } from '../../cel/kubernetes-library.ts'
import { jwtLimits } from './configuration.ts'

const CLAIMS = mapOf(STRING, DYN)
const USER = objectType('kubernetes.UserInfo', {
  username: STRING,
  uid: STRING,
  groups: listOf(STRING),
  extra: mapOf(STRING, listOf(STRING)),
})

const TYPES = { claims: CLAIMS, user: USER } as const
export type ExpressionSubject = keyof typeof TYPES

/** A compiled expression; throws an Error that says where it is wrong. */
export class Expression {
  readonly #program: Program
  readonly #subject: ExpressionSubject
  readonly #type: CelType

  constructor(text: string, subject: ExpressionSubject) {
    const environment: Environment = {
      variables: { [subject]: TYPES[subject] },
      library: schemaLibrary,
    }
    const compiled = compile(text, environment)
    if (!compiled.ok) throw new TypeError(`compilation failed: ${compiled.message}`)
    this.#program = compiled.program
    this.#subject = subject
    this.#type = TYPES[subject]
  }

  /** As JSON. Throws an Error of the evaluation. */
  of(value: object): unknown {
    const bindings = { [this.#subject]: fromJson(value, this.#type) }
    const result = evaluate(this.#program, bindings, jwtLimits.expressionCostMax)
    if (!result.ok) throw result.error
    return toJson(result.value)
  }
}
