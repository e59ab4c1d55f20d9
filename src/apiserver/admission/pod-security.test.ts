import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiRequest } from '#base/api-call.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { namespaces, pods } from '#kinds/refs.ts'
import { deployment, pod, serviceAccount, type TestApi, testCluster } from '../test-cluster.ts'
import { podSecurity } from './pod-security.ts'
import { askPlugin, readerOf } from './test-admission.ts'

const LABEL = 'pod-security.kubernetes.io'

async function clusterWith(labels: Record<string, string>) {
  const { api } = await testCluster()
  await api.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'n', labels },
  })
  await api.create('/api/v1/namespaces/n/serviceaccounts', serviceAccount('default'))
  return api
}
const PODS = '/api/v1/namespaces/n/pods'

test('a pod below the enforced level is refused', async () => {
  const api = await clusterWith({
    [`${LABEL}/enforce`]: 'baseline',
    [`${LABEL}/enforce-version`]: 'v1.30',
  })
  await api.create(PODS, pod('fine'))
  await assert.rejects(api.create(PODS, pod('p', { hostNetwork: true })), {
    reason: 'Forbidden',
    message:
      'pods "p" is forbidden: violates PodSecurity "baseline:v1.30": host namespaces (hostNetwork=true)',
  })
})

const warningsOf = async (
  api: TestApi,
  method: ApiRequest['method'],
  path: string,
  body: object,
): Promise<readonly string[]> => (await api.send(method, path, body)).warnings

test('a pod below the level of warnings is made, and warned of', async () => {
  const api = await clusterWith({ [`${LABEL}/warn`]: 'restricted' })
  const [warning, ...others] = await warningsOf(api, 'POST', PODS, pod('p'))
  assert.deepEqual(others, [])
  assert.match(warning ?? '', /^would violate PodSecurity "restricted:latest": allowPrivilege/)
})

test('the template of a workload is warned of where pods would be refused', async () => {
  const api = await clusterWith({ [`${LABEL}/enforce`]: 'baseline' })
  const { spec, ...rest } = deployment('d')
  const template = { ...spec.template, spec: { ...spec.template.spec, hostPID: true } }
  const path = '/apis/apps/v1/namespaces/n/deployments'
  assert.deepEqual(await warningsOf(api, 'POST', path, { ...rest, spec: { ...spec, template } }), [
    'would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)',
  ])
})

test('a namespace whose level rises is told of its pods that are below', async () => {
  const api = await clusterWith({})
  for (const name of ['b', 'a']) await api.create(PODS, pod(name, { hostNetwork: true }))
  await api.create(
    PODS,
    pod('c', { hostPID: true, volumes: [{ name: 'v', hostPath: { path: '/' } }] }),
  )
  const raised = { metadata: { labels: { [`${LABEL}/enforce`]: 'baseline' } } }
  const namespace = await api.get('/api/v1/namespaces/n')
  const labels = { ...(namespace['metadata']?.['labels'] as object), ...raised.metadata.labels }
  const body = { ...namespace, metadata: { ...(namespace['metadata'] as object), labels } }
  assert.deepEqual(await warningsOf(api, 'PUT', '/api/v1/namespaces/n', body), [
    'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
    'a (and 1 other pod): host namespaces',
    'c: host namespaces, hostPath volumes',
  ])
})

test('labels that say no level are refused, unless they were there', async () => {
  await assert.rejects(
    clusterWith({ [`${LABEL}/enforce`]: 'strict', [`${LABEL}/warn-version`]: '1.2' }),
    {
      reason: 'Invalid',
      message: `Namespace "n" is invalid: [metadata.labels[${LABEL}/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted, metadata.labels[${LABEL}/warn-version]: Invalid value: "1.2": must be "latest" or "v1.x"]`,
    },
  )
})

test('the audit log is told by what a pod was let in, and what it violates', async () => {
  const labels = { [`${LABEL}/enforce`]: 'privileged', [`${LABEL}/audit`]: 'baseline' }
  const reader = readerOf([
    namespaces,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', labels } },
  ])
  const notesOf = async (spec: object) => {
    const auditAnnotations = {}
    const made = pod('p', spec) as unknown as Pod
    made.metadata.namespace = 'n'
    await askPlugin(podSecurity(reader), pods, made, { auditAnnotations })
    return auditAnnotations
  }
  assert.deepEqual(await notesOf({}), { [`${LABEL}/enforce-policy`]: 'privileged:latest' })
  assert.deepEqual(await notesOf({ hostNetwork: true }), {
    [`${LABEL}/enforce-policy`]: 'privileged:latest',
    [`${LABEL}/audit-violations`]:
      'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
  })
})
