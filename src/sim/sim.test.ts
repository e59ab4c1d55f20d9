import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { isReason } from '#base/errors.ts'
import { WorkQueue } from '#base/work-queue.ts'
import type { ControllerContext } from '#controllers/context.ts'
import { createDeploymentController } from '#controllers/deployment.ts'
import { createServiceAccountController } from '#controllers/service-account.ts'
import type { ReplicaSet } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { controllerOf, controllerReference, isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { nodes, pods, replicaSets } from '#kinds/refs.ts'
import { place } from '#placement/place.ts'
import { ClusterSnapshot } from '#placement/snapshot.ts'
import type { Fault } from './faults.ts'
import { runSimulation, type SimulationOptions } from './simulation.ts'

async function assertWell(options: SimulationOptions): Promise<void> {
  const { problem, tail } = await runSimulation(options)
  assert.equal(
    problem,
    undefined,
    `seed ${options.seed}: ${problem}\n${tail.join('\n')}\n` +
      `again: npm run sim -- --seed ${options.seed} --hours ${options.minutes / 60}\n`,
  )
}

for (const seed of [1, 5])
  test(`runSimulation finds nothing wrong with seed ${seed} and every fault`, () =>
    assertWell({ seed, minutes: 6 }))

test('runSimulation finds nothing wrong without faults', () =>
  assertWell({ seed: 3, minutes: 6, faults: [] }))

test('runSimulation finds nothing wrong with a seed nobody has tried', (context) => {
  const seed = randomInt(2 ** 31)
  context.diagnostic(`seed ${seed}`)
  return assertWell({ seed, minutes: 6 })
})

test('runSimulation does the same again for the same seed, and not for another', async () => {
  const [first, second, other] = [
    await runSimulation({ seed: 4, minutes: 2 }),
    await runSimulation({ seed: 4, minutes: 2 }),
    await runSimulation({ seed: 6, minutes: 2 }),
  ]
  assert.equal(first.traceHash, second.traceHash)
  assert.notEqual(first.traceHash, other.traceHash)
})

/** A replica set controller that believes its informer: it forgets what it has just made. */
function forgetfulReplicaSets({ client, informers, ...rest }: ControllerContext): void {
  const sets = informers.informer(replicaSets)
  const known = informers.informer(pods)
  const queue = new WorkQueue({ ...rest, name: 'forgetful', reconcile })
  async function reconcile(key: string) {
    const set = sets.get(key)
    if (!set) return
    const own = known
      .list()
      .filter((pod) => controllerOf(pod)?.uid === set.metadata.uid && !isDeleting(pod))
    const missing = (set.spec.replicas ?? 1) - own.length
    for (let i = 0; i < missing; i++) await client.resource(pods).create(podOf(set))
    for (const pod of own.slice(0, Math.max(0, -missing)))
      await client.resource(pods).delete(pod.metadata)
  }
  const podSeen = (pod: Pod) => {
    const owner = controllerOf(pod)
    if (owner) queue.add(`${pod.metadata.namespace}/${owner.name}`)
  }
  sets.on({ added: (set) => queue.add(keyOf(set)), updated: (set) => queue.add(keyOf(set)) })
  known.on({ added: podSeen, updated: podSeen, deleted: podSeen })
  queue.start()
}

function podOf({ metadata, spec: { template } }: ReplicaSet): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${metadata.name}-`,
      namespace: metadata.namespace,
      labels: template?.metadata?.labels,
      ownerReferences: [controllerReference({ metadata }, replicaSets)],
    },
    spec: template!.spec!,
  }
}

const lateEvents: readonly Fault[] = ['event-late', 'slow-call']

/** What the first of a few seeds finds: which one hits upon a bug changes with every draw. */
async function firstProblem(options: Omit<SimulationOptions, 'seed'>): Promise<string> {
  for (let seed = 4; seed < 12; seed++) {
    const { problem } = await runSimulation({ ...options, seed })
    if (problem !== undefined) return problem
  }
  return 'none'
}

test('runSimulation finds a replica set controller without expectations', async () => {
  const problem = await firstProblem({
    minutes: 8,
    faults: lateEvents,
    controllers(context) {
      createServiceAccountController(context, { rootCaPem: 'simulated' }).start()
      createDeploymentController(context).start()
      forgetfulReplicaSets(context)
    },
  })
  assert.match(problem, /pods, and at most \d+ were wished for/)
})

/** A scheduler that decides on its informers alone: bindings under way do not count. */
function forgetfulScheduler({ client, informers, ...rest }: ControllerContext): void {
  const [knownNodes, knownPods] = [informers.informer(nodes), informers.informer(pods)]
  const queue = new WorkQueue({ ...rest, name: 'forgetful', reconcile, workers: 8 })
  async function reconcile(key: string) {
    const pod = knownPods.get(key)
    if (!pod || pod.spec.nodeName || isDeleting(pod)) return
    const snapshot = new ClusterSnapshot()
    for (const node of knownNodes.list()) snapshot.setNode(node)
    for (const other of knownPods.list()) snapshot.setPod(other)
    const placement = place(snapshot, pod)
    if (placement.type === 'none') return { afterMs: 5_000 }
    const target = { apiVersion: 'v1', kind: 'Node', name: placement.node }
    const { name, namespace } = pod.metadata
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target }
    try {
      await client.resource(pods).subresource('POST', pod.metadata, 'binding', body)
    } catch (error) {
      if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error
    }
  }
  knownPods.on({ added: (pod) => queue.add(keyOf(pod)), updated: (pod) => queue.add(keyOf(pod)) })
  queue.start()
}

test('runSimulation finds a scheduler that forgets its own bindings', async () => {
  const problem = await firstProblem({
    minutes: 8,
    faults: [...lateEvents, 'node-silent'],
    scheduler: forgetfulScheduler,
  })
  assert.match(problem, /its pods ask for/)
})
