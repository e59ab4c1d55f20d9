// What must hold of a configuration of issuers, in the words of Kubernetes
// (apiserver/pkg/apis/apiserver/validation). Pure.
import type { FieldError } from '#kinds/definition.ts'
import { duplicate, invalid, required } from '#kinds/validate/field-error.ts'
import {
  type ClaimOrExpression,
  type JwtAuthenticator,
  jwtLimits,
  type PrefixedClaim,
} from './configuration.ts'
import { Expression, type ExpressionSubject } from './expressions.ts'

export function checkConfiguration(jwt: readonly JwtAuthenticator[]): FieldError[] {
  const errors: FieldError[] = []
  if (jwt.length > jwtLimits.issuersMax)
    errors.push(invalid('jwt', jwt.length, `must have at most ${jwtLimits.issuersMax} items`))
  const seen = new Set<string>()
  for (const [index, one] of jwt.entries()) {
    const at = `jwt[${index}]`
    errors.push(...checkIssuer(one, `${at}.issuer`))
    if (seen.has(one.issuer.url)) errors.push(duplicate(`${at}.issuer.url`, one.issuer.url))
    seen.add(one.issuer.url)
    errors.push(...checkMappings(one, `${at}.claimMappings`), ...checkRules(one, at))
  }
  return errors
}

function checkIssuer({ issuer }: JwtAuthenticator, at: string): FieldError[] {
  const {
    url,
    discoveryURL,
    certificateAuthority = '',
    audiences = [],
    audienceMatchPolicy,
  } = issuer
  const errors = checkUrl(url, `${at}.url`)
  if (discoveryURL) {
    errors.push(...checkUrl(discoveryURL, `${at}.discoveryURL`))
    if (discoveryURL === url)
      errors.push(
        invalid(`${at}.discoveryURL`, discoveryURL, 'discoveryURL must be different from URL'),
      )
  }
  if (audiences.length === 0)
    errors.push(required(`${at}.audiences`, 'at least one jwt[].issuer.audiences is required'))
  for (const [index, audience] of audiences.entries())
    if (audience === '')
      errors.push(required(`${at}.audiences[${index}]`, "audience can't be empty"))
  if (audiences.length > 1 && audienceMatchPolicy !== 'MatchAny')
    errors.push(
      invalid(
        `${at}.audienceMatchPolicy`,
        audienceMatchPolicy ?? '',
        'audienceMatchPolicy must be MatchAny for multiple audiences',
      ),
    )
  if (certificateAuthority !== '' && !certificateAuthority.includes('-----BEGIN CERTIFICATE-----'))
    errors.push(
      invalid(
        `${at}.certificateAuthority`,
        '<omitted>',
        'data does not contain any valid RSA or ECDSA certificates',
      ),
    )
  return errors
}

function checkUrl(text: string | undefined, at: string): FieldError[] {
  if (!text) return [required(at, 'URL is required')]
  if (!URL.canParse(text)) return [invalid(at, text, 'it is no URL')]
  const { protocol, username, password, search, hash } = new URL(text)
  const errors: FieldError[] = []
  if (protocol !== 'https:') errors.push(invalid(at, text, 'URL scheme must be https'))
  if (username !== '' || password !== '')
    errors.push(invalid(at, text, 'URL must not contain a username or password'))
  if (search !== '') errors.push(invalid(at, text, 'URL must not contain a query'))
  if (hash !== '') errors.push(invalid(at, text, 'URL must not contain a fragment'))
  return errors
}

function checkMappings({ claimMappings }: JwtAuthenticator, at: string): FieldError[] {
  const { username, groups, uid, extra = [] } = claimMappings
  const errors = [
    ...checkPrefixed(username, `${at}.username`, true),
    ...(groups === undefined ? [] : checkPrefixed(groups, `${at}.groups`, false)),
    ...(uid === undefined ? [] : checkEither(uid, `${at}.uid`, false)),
  ]
  const keys = new Set<string>()
  for (const [index, { key, valueExpression }] of extra.entries()) {
    const field = `${at}.extra[${index}]`
    if (!key) errors.push(required(`${field}.key`, ''))
    else if (!/^[a-z0-9.-]+\.[a-z0-9.-]+\/\S+$/.test(key))
      errors.push(
        invalid(`${field}.key`, key, 'must be a domain-prefixed path (such as "acme.io/foo")'),
      )
    if (keys.has(key)) errors.push(duplicate(`${field}.key`, key))
    keys.add(key)
    if (!valueExpression)
      errors.push(required(`${field}.valueExpression`, 'valueExpression is required'))
    else errors.push(...checkExpression(valueExpression, 'claims', `${field}.valueExpression`))
  }
  return errors
}

function checkPrefixed(mapping: PrefixedClaim, at: string, isRequired: boolean): FieldError[] {
  const { claim, expression, prefix } = mapping
  const errors = checkEither(mapping, at, isRequired)
  if (claim && prefix === undefined)
    errors.push(
      required(
        `${at}.prefix`,
        'prefix is required when claim is set. It can be set to an empty string to disable prefixing',
      ),
    )
  if (expression && prefix !== undefined)
    errors.push(invalid(`${at}.prefix`, prefix, "prefix can't be set when expression is set"))
  return errors
}

function checkEither(
  { claim, expression }: ClaimOrExpression,
  at: string,
  isRequired: boolean,
): FieldError[] {
  if (claim && expression) return [invalid(at, '', "claim and expression can't both be set")]
  if (!claim && !expression)
    return isRequired ? [required(at, 'claim or expression is required')] : []
  return expression ? checkExpression(expression, 'claims', `${at}.expression`) : []
}

function checkRules(
  { claimValidationRules = [], userValidationRules = [] }: JwtAuthenticator,
  at: string,
): FieldError[] {
  const ofClaims = claimValidationRules.flatMap(({ claim, expression, message }, index) => {
    const field = `${at}.claimValidationRules[${index}]`
    if (claim && expression) return [invalid(field, '', "claim and expression can't both be set")]
    if (!claim && !expression) return [required(field, 'claim or expression is required')]
    if (claim && message)
      return [invalid(`${field}.message`, message, "message can't be set when claim is set")]
    return expression ? checkExpression(expression, 'claims', `${field}.expression`) : []
  })
  const ofUser = userValidationRules.flatMap(({ expression }, index) => {
    const field = `${at}.userValidationRules[${index}].expression`
    return expression
      ? checkExpression(expression, 'user', field)
      : [required(field, 'expression is required')]
  })
  return [...ofClaims, ...ofUser]
}

function checkExpression(text: string, subject: ExpressionSubject, at: string): FieldError[] {
  try {
    new Expression(text, subject)
    return []
  } catch (error) {
    return [invalid(at, text, (error as Error).message)]
  }
}
