// A logical cluster with all its controllers on a fake clock, and a stand-in for nodes: what the
// conformance tests of Kubernetes ask of the API and its controllers together, without a socket.
import { rfc3339 } from '#base/clock.ts'
import type { FakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { ADMIN, type TestApi, testCluster } from '#apiserver/test-cluster.ts'
import { createClient } from '#client/create-client.ts'
import { createEventRecorder } from '#client/event-recorder.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { Client } from '#client/types.ts'
import { createControllers } from '#controllers/create-controllers.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { namespaces, pods } from '#kinds/refs.ts'

export interface WholeCluster {
  api: TestApi
  client: Client
  clock: FakeClock
  /** Lets controllers do what is due, and time go by. */
  pass: (ms?: number) => Promise<void>
}

/** Time between two looks at what is to be waited for. */
const STEP_MS = 100
const STEPS_MAX = 300

/** Runs with a cluster whose pods are ready at once, and gone when they are told to go. */
export async function withWholeCluster(
  run: (cluster: WholeCluster) => Promise<void>,
  { podsRun = true }: { podsRun?: boolean } = {},
): Promise<void> {
  const { cluster, api, clock } = await testCluster()
  const client = createClient(cluster.call(ADMIN))
  const random = seededRandom(3)
  const log = silentLogger
  const informers = createInformerFactory({ client, clock, random, log })
  const recorderFor = (component: string) =>
    createEventRecorder({ client, clock, random, log, source: { component } })
  const controllers = createControllers(
    { client, informers, clock, random, log, recorderFor },
    { rootCaPem: 'PEM' },
  )
  if (podsRun) runPods(client, informers, clock)
  controllers.start()
  informers.start()
  const pass = async (ms = 1_000) => {
    for (let passed = 0; passed < ms; passed += STEP_MS) await clock.advance(STEP_MS)
  }
  await pass()
  try {
    await run({ api, client, clock, pass })
  } finally {
    const stopped = Promise.all([controllers.stop(), informers.stop(), cluster.close()])
    await pass(0)
    await stopped
  }
}

function runPods(
  client: Client,
  informers: ReturnType<typeof createInformerFactory>,
  clock: FakeClock,
): void {
  const act = async (pod: Pod): Promise<void> => {
    const resource = client.resource(pods)
    if (isDeleting(pod)) return resource.delete(pod.metadata, { gracePeriodSeconds: 0 })
    if (pod.status?.podIP || pod.spec.schedulerName === 'nobody') return
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: rfc3339(clock.now()) }]
    const status = { phase: 'Running', podIP: '10.1.0.1', conditions }
    await resource.patch(pod.metadata, { status }, { subresource: 'status' })
  }
  // A pod that is gone meanwhile, or refused by a quota, is nothing to this stand-in.
  const look = (pod: Pod) => void act(pod).catch(() => undefined)
  informers.informer(pods).on({ added: look, updated: look })
}

/** Waits until something holds; fails with what it was seen as last. */
export async function until<T>(
  { pass }: WholeCluster,
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
): Promise<T> {
  let seen = await look()
  for (let step = 0; step < STEPS_MAX && !holds(seen); step++) {
    await pass(STEP_MS)
    seen = await look()
  }
  if (!holds(seen)) throw new Error(`still so after a while: ${JSON.stringify(seen)}`)
  return seen
}

/** A namespace with its service account. */
export async function makeNamespace(
  cluster: WholeCluster,
  name: string,
  labels: Record<string, string> = {},
): Promise<string> {
  const metadata = { name, labels }
  await cluster.client
    .resource(namespaces)
    .create({ apiVersion: 'v1', kind: 'Namespace', metadata, spec: {} })
  await cluster.pass()
  return `/api/v1/namespaces/${name}`
}
