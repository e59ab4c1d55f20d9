// What the simulated product begins with: a cluster of machines, and two priorities.
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import { clusters } from '#kinds/ccs/cluster.ts'
import { ccsDefinitions } from '#kinds/ccs/crds.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import { machines } from '#kinds/ccs/machine.ts'
import type { Node } from '#kinds/k8s/core.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { customResourceDefinitions, nodes, priorityClasses } from '#kinds/refs.ts'
import { ZONES } from './nodes/node-objects.ts'
import { CLUSTER } from './real-processes.ts'

async function ensure<T extends KubeObject>(
  client: Client,
  kind: KindRef<T>,
  object: T,
): Promise<void> {
  try {
    await client.resource(kind).create(object)
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}

export async function makeNodes(member: Client, all: readonly Node[]): Promise<void> {
  for (const [name, value] of [
    ['high', 1_000],
    ['low', -10],
  ] as const)
    await ensure(member, priorityClasses, {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name },
      value,
    })
  for (const node of all) await ensure(member, nodes, node)
}

/** The kinds of the product; served as soon as the server has seen them. */
export async function makeKinds(hub: Client): Promise<void> {
  for (const definition of ccsDefinitions) await ensure(hub, customResourceDefinitions, definition)
}

export async function makeMachines(hub: Client, all: readonly Node[]): Promise<void> {
  await ensure(hub, clusters, {
    apiVersion: CCS_API_VERSION,
    kind: clusters.kind,
    metadata: { name: CLUSTER },
    spec: { provider: 'local', region: 'simulated', zones: [...ZONES] },
  })
  for (const { metadata } of all)
    await ensure(hub, machines, {
      apiVersion: CCS_API_VERSION,
      kind: machines.kind,
      metadata: { name: metadata.name },
      spec: {
        cluster: CLUSTER,
        zone: metadata.labels?.['topology.kubernetes.io/zone'] ?? '',
        type: 'simulated',
        power: 'Running',
      },
    })
}
