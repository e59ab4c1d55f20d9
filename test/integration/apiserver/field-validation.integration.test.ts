// What is said of fields that are unknown or stand there twice, by the form of the body.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { send } from './send.ts'
import { startTestServer, type TestServer } from './test-server.ts'

let server: TestServer

before(async () => {
  server = await startTestServer()
})
after(() => server.close())

async function sent(method: string, path: string, contentType: string, body: string) {
  const { status, message, warnings } = await send(server, { method, path, contentType, body })
  return { status, message, warnings }
}

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const template = {
  metadata: { labels: { a: 'b' } },
  spec: { containers: [{ name: 'n', image: 'i' }] },
}

/** Unknown twice, known twice. */
const json = (name: string) =>
  `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"${name}","unknownMeta":"u"},` +
  `"spec":{"unknown":1,"unknown":2,"paused":true,"paused":false,` +
  `"selector":{"matchLabels":{"a":"b"}},"template":${JSON.stringify(template)}}}`

const yaml = (name: string) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  unknown: 1
  unknown: 2
  paused: true
  paused: false
  selector: {matchLabels: {a: b}}
  template: ${JSON.stringify(template)}
`

const IN_JSON = 'duplicate field "spec.unknown", duplicate field "spec.paused"'
const UNKNOWN = 'unknown field "spec.unknown"'
const IN_YAML =
  'yaml: unmarshal errors:\n  line 7: key "unknown" already set in map\n  line 9: key "paused" already set in map'

test('a strict create refuses unknown and repeated fields of a typed object', async () => {
  const path = `${DEPLOYMENTS}?fieldValidation=Strict`
  const asJson = await sent('POST', path, 'application/json', json('j'))
  const problems = `${IN_JSON}, unknown field "metadata.unknownMeta", ${UNKNOWN}`
  const refused =
    'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: '
  assert.deepEqual(asJson, { status: 400, message: refused + problems, warnings: '' })
  const asYaml = await sent('POST', path, 'application/yaml', yaml('y'))
  assert.deepEqual(asYaml, {
    status: 400,
    message: `${refused}${IN_YAML}, ${UNKNOWN}`,
    warnings: '',
  })
})

test('without being asked a create warns of them, and takes the last of two', async () => {
  const asYaml = await sent('POST', DEPLOYMENTS, 'application/yaml', yaml('y'))
  assert.equal(asYaml.status, 201)
  assert.match(asYaml.warnings, /line 9: key \\"paused\\" already set in map/)
  assert.match(asYaml.warnings, /unknown field \\"spec.unknown\\"/)
  const ignored = await sent(
    ...(['POST', `${DEPLOYMENTS}?fieldValidation=Ignore`, 'application/yaml', yaml('z')] as const),
  )
  assert.deepEqual(ignored, { status: 201, message: '', warnings: '' })
})

test('a strict patch refuses keys of the patch that are repeated', async () => {
  await sent('POST', `${DEPLOYMENTS}?fieldValidation=Ignore`, 'application/json', json('p'))
  const refused = await sent(
    'PATCH',
    `${DEPLOYMENTS}/p?fieldValidation=Strict`,
    'application/merge-patch+json',
    '{"spec":{"paused":true,"paused":false}}',
  )
  assert.equal(refused.status, 422)
  assert.match(refused.message, /strict decoding error: duplicate field "spec.paused"/)
})

test('a strict apply refuses repeated keys of a custom resource that keeps unknown fields', async () => {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              'x-kubernetes-preserve-unknown-fields': true,
            },
          },
        },
      ],
    },
  }
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  await sent('POST', definitions, 'application/json', JSON.stringify(definition))
  const body =
    'apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t}\nspec:\n  foo: 1\n  foo: 2\n'
  const path = '/apis/example.com/v1/namespaces/default/things/t?fieldManager=me'
  const apply = (more: string) => sent('PATCH', path + more, 'application/apply-patch+yaml', body)
  const refused = await apply('&fieldValidation=Strict')
  assert.deepEqual(refused, {
    status: 400,
    message:
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n' +
      '  line 6: key "foo" already set in map',
    warnings: '',
  })
  const warned = await apply('')
  assert.equal(warned.status, 201)
  assert.match(warned.warnings, /line 6: key \\"foo\\" already set in map/)
})
