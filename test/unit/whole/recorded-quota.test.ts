// Puts the recorded requests about quotas and the other built-in admission to a cluster with its
// controllers, and holds all of each answer against that of Kubernetes.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { ApiRequest } from '#base/api-call.ts'
import { StatusError } from '#base/errors.ts'
import { statusOf } from '#apiserver/api-errors.ts'
import type { TestApi } from '#apiserver/test-cluster.ts'
import { makeNamespace, withWholeCluster } from './whole-cluster.ts'

interface Step {
  label: string
  request: { method: ApiRequest['method']; path: string; body?: unknown }
  response: { status: number; body: unknown }
}

const FILE = new URL('../../data/kubernetes-1.36/recordings/17-quota.json', import.meta.url)
const VOLATILE = new Set(['uid', 'resourceVersion', 'creationTimestamp', 'managedFields'])

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value === 'string') return value.replace(/^kube-api-access-.*/, 'kube-api-access')
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !VOLATILE.has(key))
      .map(([key, item]) => [key, comparable(item)]),
  )
}

async function answerOf(api: TestApi, { method, path, body }: Step['request']) {
  try {
    const answer = await api.send(method, path, body)
    return { status: answer.status, body: answer.body }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return { status: error.code, body: statusOf(error) }
  }
}

test('recorded answers: 17-quota', () =>
  withWholeCluster(async (cluster) => {
    await makeNamespace(cluster, 'ref')
    await makeNamespace(cluster, 'kube-system').catch((error: unknown) => {
      // Some clusters start with it.
      assert.ok(error instanceof StatusError && error.reason === 'AlreadyExists')
    })
    await cluster.pass()
    const text = readFileSync(FILE, 'utf8')
      .replaceAll('{ns}', 'ref')
      .replaceAll('{image}', 'registry.example/busybox:1')
    const { steps } = JSON.parse(text) as { steps: Step[] }
    assert.equal(steps.length, 16)
    for (const { label, request, response } of steps) {
      await cluster.pass()
      const actual = JSON.parse(
        JSON.stringify(await answerOf(cluster.api, request)),
      ) as Step['response']
      assert.equal(actual.status, response.status, label)
      assert.deepEqual(comparable(actual.body), comparable(response.body), label)
    }
  }))
