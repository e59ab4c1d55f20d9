import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { readAuthentication } from './read-configuration.ts'

const issuer = { url: 'https://issuer.example.com', audiences: ['ccs'] }
const claimMappings = { username: { claim: 'sub', prefix: '' } }
const textOf = (...jwt: object[]) =>
  stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt,
  })

test('readAuthentication reads issuers', () => {
  assert.deepEqual(readAuthentication(textOf({ issuer, claimMappings })), [
    { issuer, claimMappings },
  ])
  assert.deepEqual(readAuthentication(textOf()), [])
})

test('readAuthentication names every field that is wrong', () => {
  const cases: [object, RegExp][] = [
    [
      { issuer: { ...issuer, url: 'http://a.b' }, claimMappings },
      /jwt\[0\]\.issuer\.url: .*URL scheme must be https/,
    ],
    [
      { issuer: { ...issuer, url: 'https://u:p@a.b' }, claimMappings },
      /must not contain a username or password/,
    ],
    [
      { issuer: { url: issuer.url }, claimMappings },
      /at least one jwt\[\]\.issuer\.audiences is required/,
    ],
    [
      { issuer: { ...issuer, audiences: ['a', 'b'] }, claimMappings },
      /must be MatchAny for multiple audiences/,
    ],
    [
      { issuer: { ...issuer, discoveryURL: issuer.url }, claimMappings },
      /discoveryURL must be different/,
    ],
    [
      { issuer, claimMappings: { username: { claim: 'sub' } } },
      /username\.prefix: .*prefix is required/,
    ],
    [{ issuer, claimMappings: { username: {} } }, /claim or expression is required/],
    [{ issuer, claimMappings: {} }, /jwt\[0\]\.claimMappings\.username: Required value/],
    [{ issuer }, /jwt\[0\]\.claimMappings: Required value/],
    [
      { issuer, claimMappings: { username: { expression: 'claims.' } } },
      /username\.expression: .*compilation failed/,
    ],
    [
      { issuer, claimMappings, claimValidationRule: [] },
      /jwt\[0\]\.claimValidationRule: unknown field/,
    ],
    [
      { issuer: { ...issuer, audiences: 'ccs' }, claimMappings },
      /jwt\[0\]\.issuer\.audiences: must be a list/,
    ],
    [
      { issuer, claimMappings, userValidationRules: [{ expression: 'claims.a' }] },
      /userValidationRules\[0\]\.expression: .*undeclared/,
    ],
  ]
  for (const [jwt, message] of cases)
    assert.throws(() => readAuthentication(textOf(jwt)), message, JSON.stringify(jwt))
  const twice = { issuer, claimMappings }
  assert.throws(
    () => readAuthentication(textOf(twice, twice)),
    /jwt\[1\]\.issuer\.url: Duplicate value/,
  )
  assert.throws(() => readAuthentication('kind: x'), /it must be kind AuthenticationConfiguration/)
  assert.throws(() => readAuthentication('a: ['), TypeError)
})
