// Kubernetes' `authorizer`: may the user, or a service account, do something?
import { CelError, Opaque } from '../values.ts'
import type { Overload } from './define.ts'
import { memberFunction } from './define.ts'

/** What is asked; absent parts are empty. */
export interface AccessQuestion {
  verb: string
  path?: string
  group?: string
  resource?: string
  subresource?: string
  namespace?: string
  name?: string
  fieldSelector?: string
  labelSelector?: string
}

export interface AccessDecision {
  allowed: boolean
  reason: string
}

/** Answers for the user of the request, or for the service account given. */
export interface AccessChecker {
  check(
    question: AccessQuestion,
    serviceAccount?: { namespace: string; name: string },
  ): AccessDecision
}

class Builder extends Opaque {
  override readonly typeName: string
  readonly checker: AccessChecker
  readonly question: Omit<AccessQuestion, 'verb'>
  readonly account: { namespace: string; name: string } | undefined

  constructor(typeName: string, from: Pick<Builder, 'checker' | 'question' | 'account'>) {
    super()
    this.typeName = typeName
    this.checker = from.checker
    this.question = from.question
    this.account = from.account
  }

  override equals(other: Opaque): boolean {
    return other === this
  }
}

class Decision extends Opaque {
  override readonly typeName = 'kubernetes.authorization.Decision'
  readonly decision: AccessDecision

  constructor(decision: AccessDecision) {
    super()
    this.decision = decision
  }

  override equals(other: Opaque): boolean {
    return other === this
  }
}

const AUTHORIZER = 'kubernetes.authorization.Authorizer'
const PATH_CHECK = 'kubernetes.authorization.PathCheck'
const GROUP_CHECK = 'kubernetes.authorization.GroupCheck'
const RESOURCE_CHECK = 'kubernetes.authorization.ResourceCheck'
const DECISION = 'kubernetes.authorization.Decision'

export const AUTHORIZER_TYPE = AUTHORIZER
export const RESOURCE_CHECK_TYPE = RESOURCE_CHECK

export const authorizerValue = (checker: AccessChecker): Opaque =>
  new Builder(AUTHORIZER, { checker, question: {}, account: undefined })

/** `authorizer.requestResource`: asks about what the request is for. */
export const requestResourceValue = (
  checker: AccessChecker,
  question: Omit<AccessQuestion, 'verb'>,
): Opaque => new Builder(RESOURCE_CHECK, { checker, question, account: undefined })

function step(
  name: string,
  from: string,
  to: string,
  key: Exclude<keyof AccessQuestion, 'verb'>,
): Overload {
  return memberFunction(name, [from, 'string'], to, (value, text) => {
    const { checker, question, account } = value as Builder
    return new Builder(to, { checker, account, question: { ...question, [key]: text } })
  })
}

function serviceAccount(value: Opaque, namespace: string, name: string): Builder {
  if (namespace === '' || name === '')
    throw new CelError('invalid service account namespace or name')
  const { checker, question } = value as Builder
  return new Builder(AUTHORIZER, { checker, question, account: { namespace, name } })
}

function check(value: Opaque, verb: string): Decision {
  const { checker, question, account } = value as Builder
  return new Decision(checker.check({ ...question, verb }, account))
}

/** So that an expression can make two of them at most. */
const CHECK_COST = { cost: () => 350_000 }

export const authorizer: readonly Overload[] = [
  step('path', AUTHORIZER, PATH_CHECK, 'path'),
  step('group', AUTHORIZER, GROUP_CHECK, 'group'),
  memberFunction('serviceAccount', [AUTHORIZER, 'string', 'string'], AUTHORIZER, serviceAccount),
  step('resource', GROUP_CHECK, RESOURCE_CHECK, 'resource'),
  step('subresource', RESOURCE_CHECK, RESOURCE_CHECK, 'subresource'),
  step('namespace', RESOURCE_CHECK, RESOURCE_CHECK, 'namespace'),
  step('name', RESOURCE_CHECK, RESOURCE_CHECK, 'name'),
  step('fieldSelector', RESOURCE_CHECK, RESOURCE_CHECK, 'fieldSelector'),
  step('labelSelector', RESOURCE_CHECK, RESOURCE_CHECK, 'labelSelector'),
  memberFunction('check', [PATH_CHECK, 'string'], DECISION, check, CHECK_COST),
  memberFunction('check', [RESOURCE_CHECK, 'string'], DECISION, check, CHECK_COST),
  memberFunction('allowed', [DECISION], 'bool', (value) => (value as Decision).decision.allowed),
  memberFunction('reason', [DECISION], 'string', (value) => (value as Decision).decision.reason),
  memberFunction('errored', [DECISION], 'bool', () => false),
  memberFunction('error', [DECISION], 'string', () => ''),
]
