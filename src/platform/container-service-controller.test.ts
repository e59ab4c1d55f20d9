import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { fakeApi } from '#client/fake-api.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import { clusters as clusterKind } from '#kinds/ccs/cluster.ts'
import { containerServices, type ContainerService } from '#kinds/ccs/container-service.ts'
import { deployments, namespaces, services } from '#kinds/refs.ts'
import { ContainerServiceController } from './container-service-controller.ts'
import type { ImageResolver } from './image-resolver.ts'
import type { Member } from './members.ts'

const place = { namespace: 'shop', name: 'web' }

const wanted = (over: Partial<ContainerService['spec']> = {}): ContainerService => ({
  apiVersion: 'ccs.dev/v1alpha1',
  kind: 'ContainerService',
  metadata: { ...place, generation: 1 },
  spec: { cluster: 'local', image: 'web:1', replicas: 2, ports: [{ port: 80 }], ...over },
})

async function world(resolveImage: ImageResolver, service = wanted()) {
  const clock = fakeClock()
  const common = { clock, random: seededRandom(1), log: silentLogger }
  const side = () => {
    const api = fakeApi({ clock, random: seededRandom(2), kinds: [clusterKind, containerServices] })
    const client = createClient(api.call)
    return { api, client, informers: createInformerFactory({ client, ...common }) }
  }
  const hub = side()
  const member = side()
  const other = side()
  const clusters = new Map<string, Member>([
    ['local', member],
    ['other', other],
  ])
  hub.api.put(containerServices, service)
  const controller = new ContainerServiceController({
    ...common,
    hub,
    members: {
      get: (name) => clusters.get(name),
      all: () => clusters,
      onAdded: (listener) => clusters.forEach((one, name) => listener(name, one)),
    },
    resolveImage,
  })
  for (const { informers } of clusters.values()) informers.informer(namespaces)
  hub.informers.start()
  for (const { informers } of clusters.values()) informers.start()
  controller.start()
  const settle = () => clock.advance(2_000)
  await settle()
  return { clusters, hub: hub.api, member: member.api, other: other.api, clock, controller, settle }
}

const found: ImageResolver = async (_project, image) => ({
  found: true,
  image: `${image}@sha256:1`,
})

test('ContainerServiceController makes a namespace, a Deployment of the digest and a Service', async () => {
  const { hub, member, controller } = await world(found)
  const deployment = member.get(deployments, place)
  assert.equal(deployment?.spec.replicas, 2)
  assert.equal(deployment?.spec.template.spec?.containers[0]?.image, 'web:1@sha256:1')
  assert.equal(member.get(services, place)?.spec.type, 'LoadBalancer')
  assert.equal(
    member.get(namespaces, { name: 'shop' })?.metadata.labels?.['ccs.dev/project'],
    'shop',
  )
  assert.equal(hub.get(containerServices, place)?.status?.phase, 'Pending')
  await controller.stop()
})

test('ContainerServiceController looks an image up once for each name, not for each scaling', async () => {
  let asked = 0
  const { hub, settle, member, controller } = await world(async (_project, image) => {
    asked++
    return { found: true, image: `${image}@sha256:${asked}` }
  })
  const live = hub.get(containerServices, place)!
  hub.put(containerServices, { ...live, spec: { ...live.spec, replicas: 5 } })
  await settle()
  assert.equal(asked, 1)
  assert.equal(member.get(deployments, place)?.spec.replicas, 5)
  const scaled = hub.get(containerServices, place)!
  hub.put(containerServices, { ...scaled, spec: { ...scaled.spec, image: 'web:2' } })
  await settle()
  assert.equal(asked, 2)
  await controller.stop()
})

test('ContainerServiceController leaves what runs alone when the new image is not there', async () => {
  const { hub, settle, member, controller } = await world(async (_project, image) =>
    image === 'web:1'
      ? { found: true, image: 'web:1@sha256:1' }
      : { found: false, message: `image "${image}" is not in the registry` },
  )
  const live = hub.get(containerServices, place)!
  hub.put(containerServices, { ...live, spec: { ...live.spec, image: 'gone:1' } })
  await settle()
  const status = hub.get(containerServices, place)?.status
  assert.equal(status?.phase, 'Failed')
  assert.match(status?.conditions?.[0]?.message ?? '', /gone:1/)
  assert.equal(
    member.get(deployments, place)?.spec.template.spec?.containers[0]?.image,
    'web:1@sha256:1',
  )
  await controller.stop()
})

test('ContainerServiceController says so when the cluster is not there', async () => {
  const { hub, controller } = await world(found, wanted({ cluster: 'nowhere' }))
  const status = hub.get(containerServices, place)?.status
  assert.match(status?.conditions?.[0]?.message ?? '', /cluster "nowhere" is not there/)
  await controller.stop()
})

test('ContainerServiceController removes what it made before the service goes', async () => {
  const { hub, settle, member, controller } = await world(found)
  const live = hub.get(containerServices, place)!
  assert.deepEqual(live.metadata.finalizers, ['ccs.dev/container-service'])
  hub.put(containerServices, {
    ...live,
    metadata: { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
  })
  await settle()
  assert.equal(member.get(deployments, place), undefined)
  assert.equal(member.get(services, place), undefined)
  assert.deepEqual(hub.get(containerServices, place)?.metadata.finalizers ?? [], [])
  await controller.stop()
})

test('ContainerServiceController leaves the old cluster of a service that moved', async () => {
  const { hub, settle, member, other, controller } = await world(found)
  const live = hub.get(containerServices, place)!
  hub.put(containerServices, { ...live, spec: { ...live.spec, cluster: 'other' } })
  await settle()
  assert.equal(other.get(deployments, place)?.spec.replicas, 2)
  assert.equal(member.get(deployments, place), undefined)
  assert.equal(member.get(services, place), undefined)
  await controller.stop()
})

test('ContainerServiceController leaves a Deployment of the same name that is not its own', async () => {
  const { hub, settle, other, controller } = await world(found)
  other.put(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: place,
    spec: { selector: {}, template: {} },
  })
  const live = hub.get(containerServices, place)!
  hub.put(containerServices, { ...live, spec: { ...live.spec, replicas: 3 } })
  await settle()
  assert.notEqual(other.get(deployments, place), undefined)
  await controller.stop()
})

test('ContainerServiceController keeps a deleted service until its cluster is served again', async () => {
  const { clusters, hub, settle, member, controller } = await world(found)
  hub.put(clusterKind, {
    apiVersion: 'ccs.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'local' },
    spec: { provider: 'local', region: 'local', zones: [] },
  })
  const [name, host] = [...clusters][0]!
  clusters.delete(name)
  const live = hub.get(containerServices, place)!
  const metadata = { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }
  hub.put(containerServices, { ...live, metadata })
  await settle()
  assert.deepEqual(hub.get(containerServices, place)?.metadata.finalizers, [
    'ccs.dev/container-service',
  ])
  clusters.set(name, host)
  await settle()
  assert.equal(member.get(deployments, place), undefined)
  assert.deepEqual(hub.get(containerServices, place)?.metadata.finalizers ?? [], [])
  await controller.stop()
})
