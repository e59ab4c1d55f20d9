// An admission webhook that runs in a pod and is reached by its Service.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { createAuthority } from '#identity/authority.ts'
import { issueServerCertificate } from '#identity/leaf-certificate.ts'
import { eventually, Instance, kubectlMissing, leftBehind, type Result } from './instance.ts'
import { pushNodeImages } from './web-image.ts'

const IMAGE = 'registry.ccs.internal/default/hook:1'
const NAMESPACE = 'guarded'

/** Denies ConfigMaps that have the key "unwanted", and marks all others. */
const SCRIPT = `
const { createServer } = require('node:https')
const { readFileSync } = require('node:fs')
const read = (name) => readFileSync('/tls/' + name)
createServer({ cert: read('tls.crt'), key: read('tls.key') }, async (request, response) => {
  let text = ''
  for await (const chunk of request) text += chunk
  const { apiVersion, kind, request: asked } = JSON.parse(text)
  const allowed = asked.object.data?.unwanted === undefined
  const operations = [{ op: 'add', path: '/data/marked', value: process.env.POD_NAME }]
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64')
  const mutation = request.url.startsWith('/mutate') ? { patchType: 'JSONPatch', patch } : {}
  const verdict = allowed ? mutation : { status: { message: 'the key is unwanted' } }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ apiVersion, kind, response: { uid: asked.uid, allowed, ...verdict } }))
}).listen(8443)
process.on('SIGTERM', () => process.exit(0))
`

const labels = { app: 'hook' }

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'hook', labels },
  spec: {
    terminationGracePeriodSeconds: 0,
    volumes: [{ name: 'tls', secret: { secretName: 'hook' } }],
    containers: [
      {
        name: 'hook',
        image: IMAGE,
        env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
        readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
      },
    ],
  },
}

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'hook' },
  spec: { selector: labels, ports: [{ port: 443, targetPort: 8443 }] },
}

const configuration = (kind: 'Mutating' | 'Validating', caPem: string) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: `${kind}WebhookConfiguration`,
  metadata: { name: 'hook' },
  webhooks: [
    {
      name: 'hook.example.com',
      clientConfig: {
        service: {
          namespace: NAMESPACE,
          name: 'hook',
          path: kind === 'Mutating' ? '/mutate' : '/validate',
        },
        caBundle: Buffer.from(caPem).toString('base64'),
      },
      rules: [
        { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
      ],
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ],
})

describe('webhooks in pods', { skip: kubectlMissing }, () => {
  let instance: Instance
  const place = ['--context', 'ccs-local', '-n', NAMESPACE]

  const k = (...args: string[]) => instance.kubectl(...place, ...args)

  async function ok(result: Promise<Result>): Promise<string> {
    const { code, stdout, stderr } = await result
    assert.equal(code, 0, stderr || stdout)
    return stdout.trim()
  }

  const create = (object: object) =>
    ok(instance.kubectlWith(JSON.stringify(object), ...place, 'create', '-f', '-'))

  before(async () => {
    instance = await Instance.create()
    await ok(instance.up())
    await ok(k('create', 'namespace', NAMESPACE))
    await pushNodeImages(instance, [{ tag: 'hook:1', script: SCRIPT }])
    const authority = await createAuthority({ commonName: 'hook CA', clock: systemClock })
    const { certificatePem, keyPem } = await issueServerCertificate({
      authority,
      names: [`hook.${NAMESPACE}.svc`],
      addresses: [],
      clock: systemClock,
    })
    await create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'hook' },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': certificatePem, 'tls.key': keyPem },
    })
    await create(service)
    await create(pod)
    await ok(k('wait', '--for=condition=Ready', 'pod/hook', '--timeout=60s'))
    await create(configuration('Validating', authority.certificatePem))
    await create(configuration('Mutating', authority.certificatePem))
  })

  after(async () => {
    const { id } = instance
    assert.equal((await instance.purge()).code, 0)
    assert.deepEqual(await leftBehind([id]), [])
  })

  test('it changes and refuses what is written', async () => {
    // Its endpoint follows the readiness of the pod a moment later.
    await eventually('a marked ConfigMap', 15_000, async () => {
      const { code } = await k('create', 'configmap', 'wanted', '--from-literal=a=b')
      return code === 0
    })
    assert.equal(await ok(k('get', 'configmap', 'wanted', '-o', 'jsonpath={.data.marked}')), 'hook')
    const { code, stderr } = await k('create', 'configmap', 'no', '--from-literal=unwanted=x')
    assert.equal(code, 1)
    assert.match(
      stderr,
      /admission webhook "hook.example.com" denied the request: the key is unwanted/,
    )
  })

  test('without its pod nothing is written, and with another one it is again', async () => {
    await ok(k('delete', 'pod', 'hook'))
    const { code, stderr } = await k('create', 'configmap', 'late', '--from-literal=a=b')
    assert.equal(code, 1)
    assert.match(stderr, /failed calling webhook "hook.example.com": failed to call webhook: Post/)
    await create({ ...pod, metadata: { ...pod.metadata, name: 'second' } })
    await eventually('a ConfigMap that the new pod marks', 60_000, async () => {
      return (await k('create', 'configmap', 'late', '--from-literal=a=b')).code === 0
    })
    assert.equal(await ok(k('get', 'configmap', 'late', '-o', 'jsonpath={.data.marked}')), 'second')
  })
})
