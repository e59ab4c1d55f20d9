import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '#kinds/k8s/core.ts'
import type { Call, ClusterContext, Outcome, Target } from '../context.ts'
import { PODS, pod, serviceAccount, testCluster } from '../test-cluster.ts'
import { openAttach, openExec, openPortForward } from './pod-stream.ts'

const onNode = (spec: object = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns' },
    spec: { nodeName: 'n1', containers: [{ name: 'main' }], ...spec },
  }) as unknown as Pod

function open(
  handler: typeof openExec,
  query: string,
  stored: Pod | undefined = onNode(),
): Outcome {
  const objects = { get: () => (stored === undefined ? undefined : { object: stored }) }
  const request = { method: 'POST', path: '/', query: new URLSearchParams(query) }
  return handler(
    { objects } as unknown as ClusterContext,
    { request, warnings: [], user: { username: 'u', groups: [] } } as Call,
    {
      resource: { group: '', plural: 'pods', namespaced: true },
      namespace: 'ns',
      name: 'p',
    } as unknown as Target,
  )
}

const pathOf = (outcome: Outcome) => (outcome.type === 'upgrade' ? outcome.path : outcome.type)

test('exec goes to the kubelet of the pod, in the kubelet’s words', () => {
  const query = 'stdin=true&stdout=true&stderr=false&tty=true&command=echo&command=a%20b%26c'
  assert.deepEqual(open(openExec, query), {
    type: 'upgrade',
    node: 'n1',
    path: '/exec/ns/p/main?input=1&output=1&tty=1&command=echo&command=a+b%26c',
  })
})

test('attach and portforward go there too', () => {
  assert.equal(pathOf(open(openAttach, 'stdout=true&command=x')), '/attach/ns/p/main?output=1')
  assert.equal(pathOf(open(openPortForward, '')), '/portForward/ns/p?')
  assert.equal(pathOf(open(openPortForward, 'ports=80,81')), '/portForward/ns/p?port=80%2C81')
})

test('a stream needs a pod on a node, one of its containers and a command', () => {
  const two = onNode({ containers: [{ name: 'a' }, { name: 'b' }] })
  assert.throws(() => open(openExec, 'command=ls', two), {
    message: 'a container name must be specified for pod p, choose one of: [a b]',
  })
  assert.throws(() => open(openExec, 'command=ls&container=c', two), {
    message: 'container c is not valid for pod p',
  })
  assert.equal(pathOf(open(openExec, 'command=ls&container=b', two)), '/exec/ns/p/b?command=ls')
  assert.throws(() => open(openAttach, '', onNode({ nodeName: '' })), {
    reason: 'BadRequest',
    message: 'pod p does not have a host assigned',
  })
  assert.throws(() => open(openExec, ''), {
    message: 'you must specify at least one command for the container',
  })
})

test('a request that does not ask for an upgrade is told to', async () => {
  const { api } = await testCluster()
  await api.create('/api/v1/namespaces/default/serviceaccounts', serviceAccount('default'))
  await api.create(PODS, pod('p'))
  await api.create(`${PODS}/p/binding`, {
    metadata: { name: 'p' },
    target: { kind: 'Node', name: 'n1' },
  })
  const required = { reason: 'BadRequest', message: 'Upgrade request required' }
  await assert.rejects(api.create(`${PODS}/p/exec?command=ls`, {}), required)
  await assert.rejects(api.get(`${PODS}/p/portforward`), required)
  await assert.rejects(api.get(`${PODS}/q/attach`), { reason: 'NotFound' })
})

test('discovery tells of the streams', async () => {
  const { api } = await testCluster()
  const resources = (await api.get('/api/v1'))['resources'] as unknown as {
    name: string
    kind: string
    verbs: string[]
  }[]
  const kinds = resources
    .filter(({ name }) => /^pods\/(exec|attach|portforward)$/.test(name))
    .map(({ kind, verbs }) => [kind, verbs.join()])
  assert.deepEqual(kinds, [
    ['PodAttachOptions', 'create,get'],
    ['PodExecOptions', 'create,get'],
    ['PodPortForwardOptions', 'create,get'],
  ])
})
