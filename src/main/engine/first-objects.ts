// What an instance begins with: the product's kinds in the hub, and on the very first start a
// catalogue of machine types and the cluster `local` with two machines in two zones.
import type { Clock } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import { ccsDefinitions } from '#kinds/ccs/crds.ts'
import { type Cluster, clusters } from '#kinds/ccs/cluster.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import { type Machine, machines } from '#kinds/ccs/machine.ts'
import { machineTypes } from '#kinds/ccs/machine-type.ts'
import { DEFAULT_MACHINE_TYPE, defaultMachineTypes } from '#kinds/ccs/default-machine-types.ts'
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { customResourceDefinitions, namespaces } from '#kinds/refs.ts'

const REGION = 'local'
const ZONES = ['zone-a', 'zone-b']

const firstCluster: Cluster = {
  apiVersion: CCS_API_VERSION,
  kind: 'Cluster',
  metadata: { name: 'local' },
  spec: { provider: 'local', region: REGION, zones: ZONES },
}

const firstMachines: Machine[] = ZONES.map((zone, index) => ({
  apiVersion: CCS_API_VERSION,
  kind: 'Machine',
  metadata: { name: `local-${index + 1}` },
  spec: { cluster: 'local', zone, type: DEFAULT_MACHINE_TYPE, power: 'Running' },
}))

async function createIfMissing<T extends KubeObject>(
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

const ESTABLISH_TIMEOUT_MS = 10_000
const ESTABLISH_POLL_MS = 20

const isEstablished = (definition: CustomResourceDefinition) =>
  definition.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True') ??
  false

async function untilEstablished(client: Client, clock: Clock): Promise<void> {
  const deadline = clock.now() + ESTABLISH_TIMEOUT_MS
  const resource = client.resource(customResourceDefinitions)
  for (;;) {
    const { items } = await resource.list()
    const waiting = ccsDefinitions.filter(
      ({ metadata }) => !items.some((i) => i.metadata.name === metadata.name && isEstablished(i)),
    )
    if (waiting.length === 0) return
    if (clock.now() > deadline)
      throw new Error(`not served in time: ${waiting.map((w) => w.metadata.name).join(', ')}`)
    await clock.sleep(ESTABLISH_POLL_MS)
  }
}

/** Creates the product's kinds, or brings them to this version's definition; they are served afterwards. */
export async function ensureKinds(client: Client, clock: Clock): Promise<void> {
  await defineKinds(client)
  await untilEstablished(client, clock)
}

async function defineKinds(client: Client): Promise<void> {
  const resource = client.resource(customResourceDefinitions)
  for (const definition of ccsDefinitions) {
    try {
      const live = await resource.get(definition.metadata)
      if (JSON.stringify(live.spec) !== JSON.stringify(definition.spec))
        await resource.update({
          ...definition,
          metadata: {
            ...definition.metadata,
            resourceVersion: live.metadata.resourceVersion,
          },
        })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      await resource.create(definition)
    }
  }
}

/** Marks in the hub that the first objects were made: who deletes them later does not get them back. */
const MARK = 'ccs-system'

/** Idempotent: a crash in between is finished by the next start, because the mark comes last. */
export async function ensureFirstObjects(client: Client): Promise<void> {
  try {
    await client.resource(namespaces).get({ name: MARK })
    return
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
  for (const type of defaultMachineTypes) await createIfMissing(client, machineTypes, type)
  await createIfMissing(client, clusters, firstCluster)
  for (const machine of firstMachines) await createIfMissing(client, machines, machine)
  await createIfMissing(client, namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: MARK },
    spec: {},
  })
}
