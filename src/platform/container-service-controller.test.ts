import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { fakeApi } from '#client/fake-api.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
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
    const api = fakeApi({ clock, random: seededRandom(2), kinds: [containerServices] })
    const client = createClient(api.call)
    return { api, client, informers: createInformerFactory({ client, ...common }) }
  }
  const hub = side()
  const member = side()
  hub.api.put(containerServices, service)
  const controller = new ContainerServiceController({
    ...common,
    hub,
    members: {
      get: (name): Member | undefined => (name === 'local' ? member : undefined),
      onAdded: (listener) => listener('local', member),
    },
    resolveImage,
  })
  member.informers.informer(namespaces)
  hub.informers.start()
  member.informers.start()
  controller.start()
  const settle = () => clock.advance(2_000)
  await settle()
  return { hub: hub.api, member: member.api, clock, controller, settle }
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
