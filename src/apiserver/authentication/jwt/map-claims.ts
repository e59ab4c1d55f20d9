// From the claims of a token that was verified to a user, by the rules of its issuer. Pure.
import type { UserInfo } from '#base/api-call.ts'
import { isRecord } from '../../body.ts'
import type { ClaimOrExpression, JwtAuthenticator, PrefixedClaim } from './configuration.ts'
import { Expression } from './expressions.ts'

export type Claims = Readonly<Record<string, unknown>>

/** Why a token that is genuine makes nobody a user; for the log. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError'
}

const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id'
const RESERVED = 'system:'

type Read = (claims: Claims) => unknown

/** The mapping of a configuration that was checked. */
export function claimMapping(jwt: JwtAuthenticator): (claims: Claims) => UserInfo {
  const { username, groups, uid, extra = [] } = jwt.claimMappings
  const readName = readerOf(username)
  const readGroups = groups === undefined ? undefined : readerOf(groups)
  const readUid = uid === undefined ? undefined : readerOf(uid)
  const readExtra = extra.map(({ key, valueExpression }) => ({
    key,
    expression: new Expression(valueExpression, 'claims'),
  }))
  const check = rulesOf(jwt)
  return (claims) => {
    check.claims(claims)
    if (username.claim === 'email' && claims['email_verified'] === false)
      throw new ClaimError('email not verified')
    const user: UserInfo = {
      username: (username.prefix ?? '') + nameOf(readName(claims), 'username'),
      groups: textsOf(readGroups?.(claims), 'groups').map(
        (group) => (groups?.prefix ?? '') + group,
      ),
    }
    const id = readUid?.(claims)
    if (id !== undefined) user.uid = nameOf(id, 'uid')
    const extras = extrasOf(readExtra, claims)
    if (typeof claims['jti'] === 'string' && claims['jti'] !== '')
      extras[CREDENTIAL_ID] = [`JTI=${claims['jti']}`]
    if (Object.keys(extras).length > 0) user.extra = extras
    check.user(user)
    return user
  }
}

function readerOf({ claim = '', expression }: ClaimOrExpression | PrefixedClaim): Read {
  if (!expression) return (claims) => claims[claim]
  const compiled = new Expression(expression, 'claims')
  return (claims) => compiled.of(claims)
}

function extrasOf(
  readers: readonly { key: string; expression: Expression }[],
  claims: Claims,
): Record<string, string[]> {
  const found: Record<string, string[]> = {}
  for (const { key, expression } of readers) {
    const values = textsOf(expression.of(claims), key).filter((value) => value !== '')
    if (values.length > 0) found[key] = values
  }
  return found
}

function nameOf(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new ClaimError(`the ${what} is missing, or no text`)
}

/** A text is a list of one; nothing is an empty list. */
function textsOf(value: unknown, what: string): string[] {
  if (value === undefined || value === null || value === '') return []
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.every((one) => typeof one === 'string')) return list as string[]
  throw new ClaimError(`${what} must be a text or a list of texts`)
}

function rulesOf({ claimValidationRules = [], userValidationRules = [] }: JwtAuthenticator) {
  const ofClaims = claimValidationRules.map(
    ({ claim = '', requiredValue = '', expression, message }) => {
      if (!expression)
        return (claims: Claims) => {
          if (claims[claim] !== requiredValue)
            throw new ClaimError(
              `claim ${JSON.stringify(claim)} is not ${JSON.stringify(requiredValue)}`,
            )
        }
      return holds(expression, 'claims', message)
    },
  )
  const ofUser = userValidationRules.map(({ expression, message }) =>
    holds(expression, 'user', message),
  )
  return {
    claims: (claims: Claims) => ofClaims.forEach((rule) => rule(claims)),
    user: ({ username, uid = '', groups, extra = {} }: UserInfo) => {
      if (username.startsWith(RESERVED) || groups.some((group) => group.startsWith(RESERVED)))
        throw new ClaimError(`names that begin with ${RESERVED} are the cluster's own`)
      ofUser.forEach((rule) => rule({ username, uid, groups, extra }))
    },
  }
}

function holds(expression: string, subject: 'claims' | 'user', message: string | undefined) {
  const compiled = new Expression(expression, subject)
  return (value: object) => {
    if (compiled.of(value) === true) return
    throw new ClaimError(message || `validation expression '${expression}' failed`)
  }
}

/** The claims in the middle part of a token, not verified; nothing of what is none. */
export function unverifiedClaims(token: string): Claims | undefined {
  const [, middle = '', ...rest] = token.split('.')
  if (rest.length !== 1) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(middle, 'base64url').toString())
    return isRecord(claims) ? claims : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
