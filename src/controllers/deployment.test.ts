import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rfc3339 } from '#base/clock.ts'
import type { Deployment, DeploymentSpec } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { isPodActive } from '#kinds/pod-status.ts'
import { deployments, events, pods, replicaSets } from '#kinds/refs.ts'
import { combined } from './combined.ts'
import { type ControllerBench, controllerBench } from './controller-bench.ts'
import { createDeploymentController } from './deployment.ts'
import { createReplicaSetController } from './replica-set.ts'

const place = { namespace: 'default', name: 'd' }

const template = (image: string) => ({
  metadata: { labels: { app: 'd' } },
  spec: { containers: [{ name: 'main', image }] },
})

const deployment = (spec: Partial<DeploymentSpec> = {}): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'd' } },
    template: template('v1'),
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    ...spec,
  },
})

/** A bench whose pods become ready one second after they exist, unless their image is "broken". */
function rollout(spec: Partial<DeploymentSpec> = {}) {
  const bench = controllerBench((context) =>
    combined([createDeploymentController(context), createReplicaSetController(context)]),
  )
  const stable = { lowest: Number.POSITIVE_INFINITY, highest: 0 }
  const becomeReady = (pod: Pod) => {
    const lastTransitionTime = rfc3339(bench.clock.now())
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime }]
    bench.api.put(pods, { ...pod, status: { phase: 'Running', conditions } })
  }
  const step = async () => {
    await bench.settle()
    const active = bench.api.list(pods).filter(isPodActive)
    const ready = active.filter(({ status }) => status?.phase === 'Running').length
    stable.lowest = Math.min(stable.lowest, ready)
    stable.highest = Math.max(stable.highest, active.length)
    const next = active.find(
      ({ status, spec: { containers } }) => !status && containers[0]?.image !== 'broken',
    )
    await bench.clock.advance(1000)
    if (next) becomeReady(next)
    await bench.settle()
  }
  const run = async (steps = 12) => {
    stable.lowest = Number.POSITIVE_INFINITY
    stable.highest = 0
    for (let i = 0; i < steps; i++) await step()
    return stable
  }
  const change = (next: Partial<DeploymentSpec>) => {
    const now = bench.api.get(deployments, place)!
    const { generation = 1 } = now.metadata
    const metadata = { ...now.metadata, generation: generation + 1 }
    bench.api.put(deployments, { ...now, metadata, spec: { ...now.spec, ...next } })
  }
  bench.api.put(deployments, deployment(spec))
  return { bench, run, change }
}

const stateOf = ({ api }: ControllerBench) => api.get(deployments, place)!

const conditionsOf = (bench: ControllerBench) =>
  (stateOf(bench).status?.conditions ?? [])
    .map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`)
    .toSorted()

const sizesOf = ({ api }: ControllerBench) =>
  Object.fromEntries(
    api
      .list(replicaSets)
      .map(({ metadata, spec }) => [
        `r${metadata.annotations?.['deployment.kubernetes.io/revision']}`,
        spec.replicas,
      ]),
  )

test('Deployment controller rolls out as Kubernetes does: status, conditions, annotations, events', async () => {
  const { bench, run } = rollout()
  await run(4)
  const [set] = bench.api.list(replicaSets)
  const { name } = set!.metadata
  assert.match(name, /^d-[bcdfghjklmnpqrstvwxz2456789]{4,10}$/)
  assert.equal(stateOf(bench).metadata.annotations?.['deployment.kubernetes.io/revision'], '1')
  assert.deepEqual(set!.metadata.annotations, {
    'deployment.kubernetes.io/desired-replicas': '2',
    'deployment.kubernetes.io/max-replicas': '3',
    'deployment.kubernetes.io/revision': '1',
  })
  const hash = name.slice(2)
  assert.deepEqual(set!.spec.selector.matchLabels, { app: 'd', 'pod-template-hash': hash })
  const { conditions: _conditions, ...counts } = stateOf(bench).status!
  assert.deepEqual(counts, {
    observedGeneration: 1,
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
    terminatingReplicas: 0,
  })
  assert.deepEqual(conditionsOf(bench), [
    'Available=True MinimumReplicasAvailable: Deployment has minimum availability.',
    `Progressing=True NewReplicaSetAvailable: ReplicaSet "${name}" has successfully progressed.`,
  ])
  const said = bench.api.list(events).filter(({ reason }) => reason === 'ScalingReplicaSet')
  assert.deepEqual(
    said.map(({ message }) => message),
    [`Scaled up replica set ${name} from 0 to 2`],
  )
  await bench.stop()
})

test('Deployment controller replaces pods without dropping below or rising above the bounds', async () => {
  const { bench, run, change } = rollout({ replicas: 4 })
  await run(6)
  change({ template: template('v2') })
  const { lowest, highest } = await run(14)
  assert.ok(lowest >= 3, `only ${lowest} ready`)
  assert.ok(highest <= 5, `${highest} pods at once`)
  assert.deepEqual(sizesOf(bench), { r1: 0, r2: 4 })
  assert.equal(stateOf(bench).status?.updatedReplicas, 4)
  assert.equal(stateOf(bench).metadata.annotations?.['deployment.kubernetes.io/revision'], '2')
  await bench.stop()
})

test('Deployment controller gives a rolled back template its old set and a new revision', async () => {
  const { bench, run, change } = rollout()
  await run(5)
  change({ template: template('v2') })
  await run(8)
  change({ template: template('v1') })
  await run(8)
  assert.deepEqual(sizesOf(bench), { r3: 2, r2: 0 })
  const back = bench.api.list(replicaSets).find(({ spec }) => spec.replicas === 2)!
  assert.equal(back.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1')
  await bench.stop()
})

test('Deployment controller says that a rollout is stuck after its deadline, keeping the old pods', async () => {
  const { bench, run, change } = rollout({ replicas: 3, progressDeadlineSeconds: 3 })
  await run(5)
  change({ template: template('broken') })
  await run(8)
  const name = bench.api
    .list(replicaSets)
    .find(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision'] === '2')!
    .metadata.name
  assert.deepEqual(conditionsOf(bench), [
    'Available=True MinimumReplicasAvailable: Deployment has minimum availability.',
    `Progressing=False ProgressDeadlineExceeded: ReplicaSet "${name}" has timed out progressing.`,
  ])
  const { replicas, readyReplicas, updatedReplicas, unavailableReplicas } = stateOf(bench).status!
  assert.deepEqual(
    { replicas, readyReplicas, updatedReplicas, unavailableReplicas },
    {
      replicas: 4,
      readyReplicas: 3,
      updatedReplicas: 1,
      unavailableReplicas: 1,
    },
  )
  await bench.stop()
})

test('Deployment controller scales a paused Deployment but does not roll out', async () => {
  const { bench, run, change } = rollout()
  await run(5)
  change({ paused: true, template: template('v2'), replicas: 3 })
  await run(5)
  assert.deepEqual(sizesOf(bench), { r1: 3 })
  assert.ok(
    conditionsOf(bench).includes('Progressing=Unknown DeploymentPaused: Deployment is paused'),
  )
  assert.equal(stateOf(bench).status?.updatedReplicas, undefined)
  change({ paused: false })
  await run(10)
  assert.deepEqual(sizesOf(bench), { r1: 0, r2: 3 })
  await bench.stop()
})

test('Deployment controller with Recreate starts nothing new before the last old pod is gone', async () => {
  const { bench, run, change } = rollout({ strategy: { type: 'Recreate' } })
  await run(4)
  const old = bench.api.list(pods)
  // The node takes its time to end them.
  for (const pod of old) bench.api.put(pods, { ...pod, spec: { ...pod.spec, nodeName: 'n' } })
  await bench.settle()
  change({ template: template('v2') })
  await run(2)
  assert.deepEqual(sizesOf(bench), { r1: 0 })
  assert.equal(bench.api.list(pods).length, 2)
  for (const { metadata } of old) bench.api.remove(pods, metadata)
  await run(4)
  assert.deepEqual(sizesOf(bench), { r1: 0, r2: 2 })
  await bench.stop()
})

test('Deployment controller keeps only as many old sets as its history may hold', async () => {
  const { bench, run, change } = rollout({ revisionHistoryLimit: 1 })
  await run(4)
  for (const image of ['v2', 'v3']) {
    change({ template: template(image) })
    await run(8)
  }
  assert.deepEqual(Object.keys(sizesOf(bench)).toSorted(), ['r2', 'r3'])
  await bench.stop()
})

test('Deployment controller shares a scale-up in the middle of a rollout among both sets', async () => {
  const { bench, run, change } = rollout({ replicas: 8 })
  await run(10)
  change({ template: template('broken') })
  await run(4)
  const before = sizesOf(bench)
  assert.deepEqual(before, { r1: 6, r2: 4 })
  change({ replicas: 16 })
  await run(12)
  assert.deepEqual(sizesOf(bench), { r1: 12, r2: 8 })
  await bench.stop()
})

test('Deployment controller takes another name when the one of its new set is taken', async () => {
  const { bench, run } = rollout()
  await run(4)
  const [set] = bench.api.list(replicaSets)
  bench.api.remove(deployments, place)
  bench.api.remove(replicaSets, set!.metadata)
  const { ownerReferences: _owner, uid: _uid, ...metadata } = set!.metadata
  const other = { ...template('other'), metadata: { labels: { app: 'other' } } }
  bench.api.put(replicaSets, {
    ...set!,
    metadata,
    spec: { replicas: 0, selector: { matchLabels: { app: 'other' } }, template: other },
  })
  await bench.settle()
  bench.api.put(deployments, deployment())
  await run(5)
  assert.equal(stateOf(bench).status?.collisionCount, 1)
  assert.equal(stateOf(bench).status?.availableReplicas, 2)
  await bench.stop()
})
