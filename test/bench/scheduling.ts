// The scheduler on a real API and a real store with many nodes, all in one process as in the engine.
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { systemClock as clock } from '#base/clock.ts'
import { silentLogger as log } from '#base/log.ts'
import { systemRandom as random } from '#base/random.ts'
import { createEventRecorder } from '#client/event-recorder.ts'
import type { Client } from '#client/types.ts'
import { authorityStore } from '#identity/authority-store.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { namespaces, nodes, pods, serviceAccounts } from '#kinds/refs.ts'
import { hostLogicalCluster, type LogicalClusterHost } from '#main/engine/logical-cluster-host.ts'
import { createScheduler } from '#scheduler/create-scheduler.ts'
import { eventually } from '../e2e/instance.ts'
import { row } from './rows.ts'
import type { Step } from './step.ts'

const NODES = 5_000
const PODS = 5_000
const ZONES = 3
/** Creates under way at once while the cluster is filled. */
const FILLERS = 50
const BOUND_TIMEOUT_MS = 60_000
const NAMESPACE = 'bench'

const node = (i: number): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: `node-${i}`,
    labels: {
      'kubernetes.io/hostname': `node-${i}`,
      'topology.kubernetes.io/zone': `zone-${i % ZONES}`,
    },
  },
  spec: {},
  status: {
    capacity: { cpu: '4', memory: '32Gi', pods: '110' },
    allocatable: { cpu: '4', memory: '32Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
})

const pod = (i: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-${i}`, namespace: NAMESPACE, labels: { app: 'bench' } },
  spec: {
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'main',
        image: 'registry.ccs.internal/default/hello:1',
        resources: { requests: { cpu: '100m', memory: '100Mi' } },
      },
    ],
  },
})

async function createMany(count: number, create: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: FILLERS }, async () => {
      for (let i = next++; i < count; i = next++) await create(i)
    }),
  )
}

async function fill(client: Client): Promise<void> {
  await client
    .resource(namespaces)
    .create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE }, spec: {} })
  // What a controller makes in a cluster; without it no pod is admitted.
  await client.resource(serviceAccounts).create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: NAMESPACE },
  })
  await createMany(NODES, (i) => client.resource(nodes).create(node(i)))
  await createMany(PODS, (i) => client.resource(pods).create(pod(i)))
}

async function podsPerSecond({ client, informers }: LogicalClusterHost): Promise<number> {
  const source = { component: 'default-scheduler' }
  const recorder = createEventRecorder({ client, clock, random, log, source })
  const scheduler = createScheduler({ client, informers, clock, random, log, recorder })
  let bound = 0
  informers.informer(pods).on({
    updated: (now, before) => {
      if (now.spec?.nodeName && !before.spec?.nodeName) bound++
    },
  })
  informers.start()
  await informers.synced()
  const begun = performance.now()
  scheduler.start()
  try {
    await eventually('the last binding', BOUND_TIMEOUT_MS, async () => bound === PODS)
    return PODS / ((performance.now() - begun) / 1000)
  } finally {
    await scheduler.stop()
  }
}

export const schedulingStep: Step = {
  name: 'scheduling',
  timeoutMs: 120_000,
  async measure({ directory }) {
    const temporary = mkdtempSync(path.join(directory, 'ccs-bench-scheduling-'))
    const host = await hostLogicalCluster({
      name: 'bench',
      file: path.join(temporary, 'bench.db'),
      version: '0.0.0',
      authorities: authorityStore({ directory: path.join(temporary, 'pki'), clock }),
      clock,
      random,
      log,
    })
    try {
      await fill(host.client)
      return [row('scheduling', await podsPerSecond(host))]
    } finally {
      await host.close()
      rmSync(temporary, { recursive: true })
    }
  },
}
