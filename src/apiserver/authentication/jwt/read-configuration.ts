// A configuration as an operator writes it: YAML or JSON, read strictly, so that a misspelt field never opens a door.
import { parse, YAMLError } from 'yaml'
import { isRecord } from '../../body.ts'
import { checkConfiguration } from './check-configuration.ts'
import {
  AUTHENTICATION_API_VERSION,
  AUTHENTICATION_KIND,
  type JwtAuthenticator,
} from './configuration.ts'

type Shape = 'text' | 'texts' | Fields | readonly [Fields]
interface Fields {
  readonly [name: string]: Shape
}

const MAPPING: Fields = { claim: 'text', expression: 'text', prefix: 'text' }
const JWT: Fields = {
  issuer: {
    url: 'text',
    discoveryURL: 'text',
    certificateAuthority: 'text',
    audiences: 'texts',
    audienceMatchPolicy: 'text',
  },
  claimMappings: {
    username: MAPPING,
    groups: MAPPING,
    uid: { claim: 'text', expression: 'text' },
    extra: [{ key: 'text', valueExpression: 'text' }],
  },
  claimValidationRules: [
    { claim: 'text', requiredValue: 'text', expression: 'text', message: 'text' },
  ],
  userValidationRules: [{ expression: 'text', message: 'text' }],
}
const CONFIGURATION: Fields = { apiVersion: 'text', kind: 'text', jwt: [JWT] }

/** Throws an Error that names every field that is wrong. */
export function readAuthentication(text: string): JwtAuthenticator[] {
  const value = parsed(text)
  if (!isRecord(value)) throw new TypeError('the configuration is no object')
  if (value['apiVersion'] !== AUTHENTICATION_API_VERSION || value['kind'] !== AUTHENTICATION_KIND)
    throw new TypeError(`it must be kind ${AUTHENTICATION_KIND} of ${AUTHENTICATION_API_VERSION}`)
  const wrong = problemsOf(value, CONFIGURATION, '')
  if (wrong.length > 0) throw new TypeError(wrong.join(', '))
  const jwt = (value['jwt'] ?? []) as JwtAuthenticator[]
  const missing = jwt.flatMap((one, index) =>
    (['issuer', 'claimMappings'] as const)
      .filter((field) => one[field] === undefined)
      .map((field) => `jwt[${index}].${field}: Required value`),
  )
  const unnamed = jwt.flatMap((one, index) =>
    one.claimMappings !== undefined && one.claimMappings.username === undefined
      ? [`jwt[${index}].claimMappings.username: Required value: claim or expression is required`]
      : [],
  )
  if (missing.length + unnamed.length > 0) throw new TypeError([...missing, ...unnamed].join(', '))
  const errors = checkConfiguration(jwt)
  if (errors.length === 0) return jwt
  throw new TypeError(errors.map(({ field, message }) => `${field}: ${message}`).join(', '))
}

function parsed(text: string): unknown {
  try {
    return parse(text, { logLevel: 'error' })
  } catch (error) {
    if (!(error instanceof YAMLError) && !(error instanceof ReferenceError)) throw error
    throw new TypeError(error.message, { cause: error })
  }
}

function problemsOf(value: unknown, shape: Shape, at: string): string[] {
  if (shape === 'text') return typeof value === 'string' ? [] : [`${at}: must be text`]
  if (shape === 'texts') return listProblems(value, 'text', at)
  if (Array.isArray(shape)) return listProblems(value, (shape as [Fields])[0], at)
  if (!isRecord(value)) return [`${at}: must be an object`]
  const fields = shape as Fields
  return Object.entries(value).flatMap(([name, field]) => {
    const path = at === '' ? name : `${at}.${name}`
    const wanted = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (wanted === undefined) return [`${path}: unknown field`]
    return field === null || field === undefined ? [] : problemsOf(field, wanted, path)
  })
}

function listProblems(value: unknown, shape: Shape, at: string): string[] {
  if (!Array.isArray(value)) return [`${at}: must be a list`]
  return value.flatMap((one, index) => problemsOf(one, shape, `${at}[${index}]`))
}
