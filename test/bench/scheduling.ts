// The scheduler on a real API and a real store with many nodes, all in one process as in the engine.
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { systemClock as clock } from '#base/clock.ts'
import { silentLogger as log } from '#base/log.ts'
import { systemRandom as random } from '#base/random.ts'
import { createEventRecorder } from '#client/event-recorder.ts'
import type { Client } from '#client/types.ts'
import { authorityStore } from '#identity/authority-store.ts'
import type { Node, Pod, PodSpec } from '#kinds/k8s/core.ts'
import { namespaces, nodes, pods, priorityClasses, serviceAccounts } from '#kinds/refs.ts'
import { hostLogicalCluster, type LogicalClusterHost } from '#main/engine/logical-cluster-host.ts'
import { createScheduler } from '#scheduler/create-scheduler.ts'
import { eventually } from '../e2e/instance.ts'
import { type Row, row, type RowName } from './rows.ts'
import type { Step } from './step.ts'

const NODES = 5_000
const ZONES = 3
/** Creates under way at once while the cluster is filled. */
const FILLERS = 50
const BOUND_TIMEOUT_MS = 60_000
const NAMESPACE = 'bench'
const HOSTNAME = 'kubernetes.io/hostname'
const ZONE = 'topology.kubernetes.io/zone'

const node = (i: number): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: `node-${i}`,
    labels: {
      [HOSTNAME]: `node-${i}`,
      [ZONE]: `zone-${i % ZONES}`,
    },
  },
  spec: {},
  status: {
    capacity: { cpu: '4', memory: '32Gi', pods: '110' },
    allocatable: { cpu: '4', memory: '32Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
})

function pod(name: string, cpu: string, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels: { app: 'bench' } },
    spec: {
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'main',
          image: 'registry.ccs.internal/default/hello:1',
          resources: { requests: { cpu, memory: '100Mi' } },
        },
      ],
      ...spec,
    },
  }
}

interface Workload {
  row: RowName
  /** Pods to be scheduled. */
  pods: number
  spec: Partial<PodSpec>
  cpu?: string
  /** Makes what is there before. */
  prepare?: (client: Client) => Promise<void>
}

const labelSelector = { matchLabels: { app: 'bench' } }

/** Two pods of half a node each on every node, which have no say and need no time to leave. */
async function fillNodes(client: Client): Promise<void> {
  await createMany(2 * NODES, (i) =>
    client.resource(pods).create(
      pod(`filler-${i}`, '2', {
        nodeName: `node-${i % NODES}`,
        terminationGracePeriodSeconds: 0,
      }),
    ),
  )
  await client.resource(priorityClasses).create({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'high' },
    value: 1000,
  })
}

const WORKLOADS: readonly Workload[] = [
  { row: 'scheduling', pods: 5_000, spec: {} },
  {
    row: 'schedulingApart',
    pods: 2_000,
    spec: {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: HOSTNAME, labelSelector },
          ],
        },
      },
    },
  },
  {
    row: 'schedulingSpread',
    pods: 5_000,
    spec: {
      topologySpreadConstraints: [
        { maxSkew: 5, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule', labelSelector },
      ],
    },
  },
  {
    row: 'schedulingPreempt',
    pods: 1_000,
    cpu: '2',
    spec: { priorityClassName: 'high' },
    prepare: fillNodes,
  },
]

async function createMany(count: number, create: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: FILLERS }, async () => {
      for (let i = next++; i < count; i = next++) await create(i)
    }),
  )
}

async function fill(client: Client, workload: Workload): Promise<void> {
  await client
    .resource(namespaces)
    .create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE }, spec: {} })
  // What a controller makes in a cluster; without it no pod is admitted.
  await client.resource(serviceAccounts).create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: NAMESPACE },
  })
  await createMany(NODES, async (i) => {
    const created = await client.resource(nodes).create(node(i))
    // There is no controller here that would see that it is ready, and take away what keeps pods off a new node.
    await client.resource(nodes).update({ ...created, spec: { ...created.spec, taints: [] } })
  })
  await workload.prepare?.(client)
  await createMany(workload.pods, (i) =>
    client.resource(pods).create(pod(`pod-${i}`, workload.cpu ?? '100m', workload.spec)),
  )
}

async function podsPerSecond(
  { client, informers }: LogicalClusterHost,
  count: number,
): Promise<number> {
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
    await eventually('the last binding', BOUND_TIMEOUT_MS, async () => bound === count)
    return count / ((performance.now() - begun) / 1000)
  } finally {
    await scheduler.stop()
  }
}

async function measureOne(directory: string, workload: Workload): Promise<Row> {
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
    await fill(host.client, workload)
    return row(workload.row, await podsPerSecond(host, workload.pods))
  } finally {
    await host.close()
    rmSync(temporary, { recursive: true })
  }
}

export const schedulingStep: Step = {
  name: 'scheduling',
  timeoutMs: 300_000,
  async measure({ directory }) {
    const rows: Row[] = []
    for (const workload of WORKLOADS) rows.push(await measureOne(directory, workload))
    return rows
  },
}
