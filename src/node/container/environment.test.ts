import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Container, Pod, Service } from '#kinds/k8s/core.ts'
import { parseEnvFile } from './env-file.ts'
import { containerEnvironment } from './environment.ts'
import { expand } from './expand.ts'
import type { ObjectSource } from './object-source.ts'

describe('expand', () => {
  const values = new Map([
    ['A', '1'],
    ['B', '$(A)'],
  ])
  const rows: [string, string][] = [
    ['plain', 'plain'],
    ['$(A)', '1'],
    ['x$(A)y$(A)', 'x1y1'],
    ['$(B)', '$(A)'],
    ['$(NONE)', '$(NONE)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$A $', '$A $'],
    ['$(A', '$(A'],
    ['$()', '$()'],
  ]
  for (const [text, expected] of rows)
    test(`${text} becomes ${expected}`, () => assert.equal(expand(text, values), expected))
})

const meta = (name: string) => ({ name, namespace: 'shop' })
const base64 = (text: string) => Buffer.from(text).toString('base64')

const service = (name: string, clusterIP: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: meta(name),
  spec: { clusterIP, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
})

const source: ObjectSource = {
  configMap: async ({ name }) =>
    name === 'c'
      ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('c'), data: { KEY: 'value', B: 'c' } }
      : undefined,
  secret: async ({ name }) =>
    name === 's'
      ? { apiVersion: 'v1', kind: 'Secret', metadata: meta('s'), data: { word: base64('secret') } }
      : undefined,
  services: async (namespace) =>
    namespace === 'default'
      ? [service('kubernetes', '10.0.0.1')]
      : [service('my-db', '10.0.0.7'), service('headless', 'None')],
}

async function environmentOf(
  container: Partial<Container>,
  spec: Partial<Pod['spec']> = {},
): Promise<Record<string, string>> {
  const full = { name: 'main', ...container }
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...meta('web'), uid: 'u', labels: { app: 'web' }, annotations: { 'a/b': 'c' } },
    spec: { nodeName: 'm1', containers: [full], ...spec },
  }
  const environment = await containerEnvironment({
    pod,
    container: full,
    source,
    volumeFile: async (volume, file) =>
      volume === 'v' && file === 'env' ? "A='a b'\nB='b'" : file === 'bad' ? 'A=a' : undefined,
    allocatable: { cpu: '2', memory: '1Gi' },
    hostAddresses: ['10.9.0.11'],
    podAddresses: ['10.9.64.5'],
  })
  return Object.fromEntries(environment)
}

const quiet = { enableServiceLinks: false }

async function valueOf(variable: NonNullable<Container['env']>[number], more = {}) {
  const environment = await environmentOf({ env: [variable], ...more }, quiet)
  return environment[variable.name]
}

describe('containerEnvironment', () => {
  test('finds Services as Kubernetes names them', async () => {
    const environment = await environmentOf({})
    assert.equal(environment['KUBERNETES_SERVICE_HOST'], '10.0.0.1')
    assert.equal(environment['MY_DB_SERVICE_HOST'], '10.0.0.7')
    assert.equal(environment['MY_DB_SERVICE_PORT'], '80')
    assert.equal(environment['MY_DB_SERVICE_PORT_HTTP'], '80')
    assert.equal(environment['MY_DB_PORT'], 'tcp://10.0.0.7:80')
    assert.equal(environment['MY_DB_PORT_80_TCP_ADDR'], '10.0.0.7')
    assert.equal(environment['HEADLESS_SERVICE_HOST'], undefined)
  })

  test('without service links only the API server is there', async () => {
    const environment = await environmentOf({}, quiet)
    assert.ok('KUBERNETES_SERVICE_HOST' in environment)
    assert.ok(!('MY_DB_SERVICE_HOST' in environment))
  })

  test('env replaces envFrom and can use it', async () => {
    const environment = await environmentOf({
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'c' } }, { secretRef: { name: 's' } }],
      env: [
        { name: 'P_B', value: 'own' },
        { name: 'BOTH', value: '$(P_KEY) $(P_B) $(MY_DB_SERVICE_HOST)' },
      ],
    })
    assert.equal(environment['P_KEY'], 'value')
    assert.equal(environment['word'], 'secret')
    assert.equal(environment['BOTH'], 'value own 10.0.0.7')
  })

  const fields: [string, string][] = [
    ['metadata.name', 'web'],
    ['metadata.namespace', 'shop'],
    ["metadata.labels['app']", 'web'],
    ["metadata.annotations['a/b']", 'c'],
    ['spec.nodeName', 'm1'],
    ['status.podIP', '10.9.64.5'],
    ['status.hostIP', '10.9.0.11'],
  ]
  for (const [fieldPath, expected] of fields)
    test(`fieldRef ${fieldPath}`, async () => {
      assert.equal(await valueOf({ name: 'V', valueFrom: { fieldRef: { fieldPath } } }), expected)
    })

  const resources: [string, string | undefined, string][] = [
    ['limits.cpu', '1m', '500'],
    ['limits.cpu', undefined, '1'],
    ['requests.memory', '1Mi', '64'],
    ['limits.memory', '1Mi', '1024'],
    ['requests.cpu', undefined, '0'],
  ]
  for (const [resource, divisor, expected] of resources)
    test(`resourceFieldRef ${resource} by ${divisor ?? '1'}`, async () => {
      const resourceFieldRef = { resource, ...(divisor === undefined ? {} : { divisor }) }
      const container = { resources: { limits: { cpu: '500m' }, requests: { memory: '64Mi' } } }
      assert.equal(
        await valueOf({ name: 'V', valueFrom: { resourceFieldRef } }, container),
        expected,
      )
    })

  test('says what is missing, unless it is optional', async () => {
    const key = (name: string, optional: boolean) => ({
      name: 'V',
      valueFrom: { configMapKeyRef: { name, key: 'none', optional } },
    })
    await assert.rejects(valueOf(key('none', false)), { message: 'configmap "none" not found' })
    await assert.rejects(valueOf(key('c', false)), {
      message: "couldn't find key none in ConfigMap shop/c",
    })
    assert.equal(await valueOf(key('none', true)), undefined)
    assert.equal(await valueOf(key('c', true)), undefined)
    const missing = environmentOf({ envFrom: [{ secretRef: { name: 'x' } }] })
    await assert.rejects(missing, { message: 'secret "x" not found' })
  })
})

describe('a variable from a file of a volume', () => {
  const from = (path: string, key: string, optional?: boolean) =>
    environmentOf({
      env: [
        {
          name: 'X',
          valueFrom: {
            fileKeyRef: { volumeName: 'v', path, key, ...(optional === true ? { optional } : {}) },
          },
        },
      ],
    }).then(({ X }) => X)

  test('has the value of its key', async () => assert.equal(await from('env', 'A'), 'a b'))

  test('is left out where it may be missing', async () => {
    assert.equal(await from('env', 'C', true), undefined)
    assert.equal(await from('none', 'A', true), undefined)
  })

  test('says what is wrong', async () => {
    await assert.rejects(from('env', 'C'), /key "C" not found in file "env"/)
    await assert.rejects(from('none', 'A'), /file "none" not found in volume "v"/)
    await assert.rejects(from('bad', 'A', true), /parse env file "bad": line 1 is not of the form/)
  })
})

describe('parseEnvFile', () => {
  const rows: [string, Record<string, string>][] = [
    ['', {}],
    ["A='1'", { A: '1' }],
    ["\n# note\n  A='1' # one\r\nB=''\n", { A: '1', B: '' }],
    ["A='x=#y'\nA='last'", { A: 'last' }],
    ["A='two\nlines'\n", { A: 'two\nlines' }],
    ["my.key-1='v'", { 'my.key-1': 'v' }],
  ]
  for (const [text, expected] of rows)
    test(JSON.stringify(text), () =>
      assert.deepEqual(Object.fromEntries(parseEnvFile(text)), expected),
    )

  test('names the line that is wrong', () => {
    for (const text of ["A='1'\nB=2", "A='1'\nB='2", "A='1'\nB='2'x", "A='1'\n='2'"])
      assert.throws(() => parseEnvFile(text), /^Error: line 2 is not of the form NAME='value'$/)
  })
})
