import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Deployment, ReplicaSet } from '#kinds/k8s/apps.ts'
import { oldReplicaSetSizes } from './rollout-size.ts'

const template = { metadata: { labels: { app: 'd' } }, spec: { containers: [] } }

const deployment: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', namespace: 'default' },
  spec: {
    replicas: 5,
    selector: { matchLabels: { app: 'd' } },
    template,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } },
  },
}

const set = (name: string, replicas: number, availableReplicas: number): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name, namespace: 'default' },
  spec: { replicas, selector: { matchLabels: { app: 'd' } }, template },
  status: { replicas: availableReplicas, availableReplicas },
})

test('oldReplicaSetSizes lets as many go as the rollout may spare', () => {
  const sizes = oldReplicaSetSizes(deployment, set('new', 3, 2), [set('old', 4, 4)])
  assert.equal(sizes.get('old'), 2)
})

test('oldReplicaSetSizes does not count what an old set is about to let go', () => {
  // It was made smaller a moment ago, and its status does not show that yet.
  const sizes = oldReplicaSetSizes(deployment, set('new', 3, 2), [set('old', 4, 5)])
  assert.equal(sizes.get('old'), 2)
})
