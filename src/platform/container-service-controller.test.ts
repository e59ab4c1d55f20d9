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
import { type ServiceRevision, serviceRevisions } from '#kinds/ccs/service-revision.ts'
import { deployments, namespaces, nodes, podDisruptionBudgets, services } from '#kinds/refs.ts'
import type { EventText } from '#client/event-recorder.ts'
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
    const api = fakeApi({
      clock,
      random: seededRandom(2),
      kinds: [clusterKind, containerServices, serviceRevisions],
    })
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
  const told: EventText[] = []
  const recorder = {
    event: (_object: unknown, text: EventText) => void told.push(text),
    flush: () => Promise.resolve(),
  }
  const controller = new ContainerServiceController({
    recorder,
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
  return {
    clusters,
    hub: hub.api,
    member: member.api,
    other: other.api,
    clock,
    controller,
    settle,
    told,
    /** Changes the service as its user does. */
    change: async (spec: Partial<ContainerService['spec']>, notes: Record<string, string> = {}) => {
      const live = hub.api.get(containerServices, place)!
      const annotations = { ...live.metadata.annotations, ...notes }
      hub.api.put(containerServices, {
        ...live,
        metadata: { ...live.metadata, annotations },
        spec: { ...live.spec, ...spec },
      })
      await settle()
    },
    revisions: () =>
      hub.api
        .list(serviceRevisions)
        .map(({ spec }) => spec)
        .toSorted((a, b) => a.revision - b.revision),
  }
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
  const moved = other.get(deployments, place)!
  assert.equal(moved.spec.replicas, 2)
  assert.notEqual(member.get(deployments, place), undefined, 'it serves until the other does')
  const ready = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 }
  const { generation } = moved.metadata
  other.put(deployments, { ...moved, status: { observedGeneration: generation, ...ready } })
  await settle()
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

test('ContainerServiceController keeps a revision for each change of what runs, none for a scaling', async () => {
  const { change, revisions, member, controller } = await world(found)
  await change({ replicas: 4 })
  await change({ image: 'web:2' }, { 'kubernetes.io/change-cause': 'faster' })
  await change({ env: [{ name: 'A', value: '1' }] })
  assert.deepEqual(
    revisions().map(({ revision, image, resolvedImage, changes, cause }) => [
      revision,
      image,
      resolvedImage,
      changes,
      cause,
    ]),
    [
      [1, 'web:1', 'web:1@sha256:1', ['created'], undefined],
      [2, 'web:2', 'web:2@sha256:1', ['image web:1 -> web:2'], 'faster'],
      [3, 'web:2', 'web:2@sha256:1', ['env A added'], undefined],
    ],
  )
  assert.equal(member.get(deployments, place)?.metadata.annotations?.['ccs.dev/revision'], '3')
  await controller.stop()
})

test('ContainerServiceController makes a revision when a tag moved, and none when it did not', async () => {
  let digest = 1
  const { change, revisions, controller } = await world(async (_project, image) => ({
    found: true,
    image: `${image}@sha256:${digest}`,
  }))
  await change({}, { 'ccs.dev/image-requested-at': '1' })
  assert.equal(revisions().length, 1)
  digest = 2
  await change({}, { 'ccs.dev/image-requested-at': '2' })
  assert.deepEqual(
    revisions().map(({ resolvedImage }) => resolvedImage),
    ['web:1@sha256:1', 'web:1@sha256:2'],
  )
  assert.deepEqual(revisions()[1]!.changes, ['image web:1 looked up anew'])
  await controller.stop()
})

test('ContainerServiceController keeps twenty revisions and goes on counting', async () => {
  const { change, revisions, controller } = await world(found)
  for (let i = 2; i <= 23; i++) await change({ image: `web:${i}` })
  assert.deepEqual(
    revisions().map(({ revision }) => revision),
    Array.from({ length: 20 }, (_, i) => i + 4),
  )
  await controller.stop()
})

test('ContainerServiceController sets back what is changed beside it, and leaves the rest', async () => {
  const { member, settle, change, told, controller } = await world(found)
  const live = member.get(deployments, place)!
  const { template } = live.spec
  const restarted = { 'kubectl.kubernetes.io/restartedAt': 'now' }
  const [container] = template.spec!.containers
  member.put(deployments, {
    ...live,
    spec: {
      ...live.spec,
      replicas: 9,
      template: {
        metadata: { ...template.metadata, annotations: restarted },
        spec: {
          ...template.spec!,
          containers: [{ ...container!, image: 'other:1' }],
          nodeSelector: { disk: 'fast' },
        },
      },
    },
  })
  await settle()
  const seen = () => {
    const { replicas, template: now } = member.get(deployments, place)!.spec
    return [
      replicas,
      now.spec!.containers[0]!.image,
      now.spec!.nodeSelector,
      now.metadata?.annotations,
    ]
  }
  const expected = ['web:1@sha256:1', { disk: 'fast' }, restarted]
  assert.deepEqual(seen(), [2, ...expected])
  const reverted = told.find(({ reason }) => reason === 'Reverted')
  assert.match(reverted?.message ?? '', /deployment spec\.replicas.*containers\[0\]\.image/)
  await change({ replicas: 3 })
  assert.deepEqual(seen(), [3, ...expected], 'a restart by kubectl is not taken back by a scaling')
  await controller.stop()
})

test('ContainerServiceController has a disruption budget from two replicas on', async () => {
  const { member, change, controller } = await world(found)
  assert.equal(member.get(podDisruptionBudgets, place)?.spec.maxUnavailable, '25%')
  await change({ replicas: 1 })
  assert.equal(member.get(podDisruptionBudgets, place), undefined)
  await change({ replicas: 8, maxUnavailable: 3 })
  assert.equal(member.get(podDisruptionBudgets, place)?.spec.maxUnavailable, 3)
  await controller.stop()
})

test('ContainerServiceController takes no object that someone else made', async () => {
  const { hub, member, other, change, controller } = await world(found)
  const theirs = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: place,
    spec: { type: 'ClusterIP' as const, ports: [{ port: 1 }] },
  }
  other.put(services, theirs)
  await change({ cluster: 'other' })
  const status = hub.get(containerServices, place)?.status
  assert.equal(status?.conditions?.[0]?.reason, 'NameTaken')
  assert.match(status?.conditions?.[0]?.message ?? '', /has a Service "web".*ccs did not make/)
  assert.deepEqual(other.get(services, place)?.spec, theirs.spec)
  assert.equal(other.get(deployments, place), undefined, 'nothing half-made')
  assert.notEqual(member.get(deployments, place), undefined, 'what runs goes on')
  await controller.stop()
})

test('ContainerServiceController asks no cluster for an instance that fits no machine', async () => {
  const { hub, member, settle, change, controller } = await world(found)
  const allocatable = { cpu: '2', memory: '2Gi' }
  member.put(nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    spec: {},
    status: { allocatable },
  })
  await settle()
  await change({ image: 'web:2', resources: { limits: { memory: '64Gi' } } })
  const status = hub.get(containerServices, place)?.status
  assert.match(
    status?.conditions?.[0]?.message ?? '',
    /asks for 64Gi of memory.*the largest has 2Gi of memory/,
  )
  const image = () => member.get(deployments, place)?.spec.template.spec?.containers[0]?.image
  assert.equal(image(), 'web:1@sha256:1')
  await change({ resources: { limits: { memory: '1Gi' } } })
  assert.equal(image(), 'web:2@sha256:1')
  await controller.stop()
})

test('ContainerServiceController removes the revisions of a service with it', async () => {
  const { hub, settle, controller } = await world(found)
  const stranger: ServiceRevision = structuredClone(hub.list(serviceRevisions)[0]!)
  stranger.metadata.name = 'other-1'
  stranger.metadata.ownerReferences![0]!.uid = 'another'
  hub.put(serviceRevisions, stranger)
  const live = hub.get(containerServices, place)!
  const metadata = { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }
  hub.put(containerServices, { ...live, metadata })
  await settle()
  assert.deepEqual(
    hub.list(serviceRevisions).map((revision) => revision.metadata.name),
    ['other-1'],
  )
  await controller.stop()
})

test('ContainerServiceController waits for a registry that does not answer, and goes on when it does', async () => {
  let isAway = true
  const { hub, settle, clock, member, controller } = await world(async (_project, image) => {
    if (isAway) throw new Error('connect ECONNREFUSED')
    return { found: true, image: `${image}@sha256:1` }
  })
  const status = hub.get(containerServices, place)?.status
  assert.equal(status?.phase, 'Pending')
  assert.match(status?.conditions?.[0]?.message ?? '', /registry could not be asked.*ECONNREFUSED/)
  isAway = false
  await clock.advance(10_000)
  await settle()
  assert.notEqual(member.get(deployments, place), undefined)
  await controller.stop()
})
