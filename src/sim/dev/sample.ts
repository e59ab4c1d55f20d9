// A service to look at, made on the first start.
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import { containerServices } from '#kinds/ccs/container-service.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { namespaces } from '#kinds/refs.ts'
import { CLUSTER } from '../real-processes.ts'

export const SAMPLE = { project: 'demo', name: 'hello' } as const

/** Who deleted it gets it back only with a new project. */
export async function makeSample(hub: Client): Promise<void> {
  const { project, name } = SAMPLE
  const isNew = await create(hub, namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: project },
    spec: {},
  })
  if (!isNew) return
  await create(hub, containerServices, {
    apiVersion: CCS_API_VERSION,
    kind: containerServices.kind,
    metadata: { name, namespace: project },
    spec: {
      cluster: CLUSTER,
      image: 'sim/app:1',
      replicas: 3,
      ports: [{ port: 80, targetPort: 8080 }],
      access: 'Cluster',
    },
  })
}

/** False when it is there. */
async function create<T extends KubeObject>(
  client: Client,
  kind: KindRef<T>,
  object: T,
): Promise<boolean> {
  try {
    await client.resource(kind).create(object)
    return true
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return false
    throw error
  }
}
