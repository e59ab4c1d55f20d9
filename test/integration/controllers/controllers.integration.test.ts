// The controllers against the real API server over HTTPS; pods are made ready by a few lines here.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rfc3339, systemClock } from '#base/clock.ts'
import { type Logger, silentLogger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { createEventRecorder } from '#client/event-recorder.ts'
import { httpsTransport } from '#client/https-transport.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import { loadKubeconfig } from '#client/kubeconfig.ts'
import type { Client } from '#client/types.ts'
import { until } from '#client/until.ts'
import { createControllers } from '#controllers/create-controllers.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import {
  deployments,
  endpointSlices,
  events,
  namespaces,
  pods,
  replicaSets,
  serviceAccounts,
  services,
} from '#kinds/refs.ts'
import { startTestServer } from '../apiserver/test-server.ts'

const clock = systemClock
const random = systemRandom
const log: Logger = silentLogger

/** A stand-in for a node: pods get an address and are ready, and go when they are told to. */
function runPods(client: Client, informers: ReturnType<typeof createInformerFactory>): void {
  let last = 0
  const act = async (pod: Pod) => {
    if (isDeleting(pod))
      return client.resource(pods).delete(pod.metadata, { gracePeriodSeconds: 0 })
    if (pod.status?.podIP) return undefined
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: rfc3339(clock.now()) }]
    const status = { phase: 'Running', podIP: `10.1.0.${++last}`, conditions }
    return client.resource(pods).patch(pod.metadata, { status }, { subresource: 'status' })
  }
  const run = (pod: Pod) => void act(pod).catch(() => undefined)
  informers.informer(pods).on({ added: run, updated: run })
}

async function withCluster(run: (client: Client) => Promise<void>): Promise<void> {
  const server = await startTestServer()
  const { transport } = await loadKubeconfig(server.kubeconfig, 'local')
  const { call, close } = httpsTransport(transport)
  const client = createClient(call)
  const informers = createInformerFactory({ client, clock, random, log })
  const recorderFor = (component: string) =>
    createEventRecorder({ client, clock, random, log, source: { component } })
  const controllers = createControllers(
    { client, informers, clock, random, log, recorderFor },
    { rootCaPem: server.caPem },
  )
  runPods(client, informers)
  controllers.start()
  informers.start()
  try {
    await run(client)
  } finally {
    await controllers.stop()
    await informers.stop()
    close()
    await server.close()
  }
}

const place = { namespace: 'demo', name: 'd' }
const within = { timeoutMs: 15_000, clock }

const deployment = (image: string): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { ...place },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'd' } },
    template: {
      metadata: { labels: { app: 'd' } },
      spec: { containers: [{ name: 'main', image, ports: [{ name: 'http', containerPort: 80 }] }] },
    },
  },
})

const isRolledOut = (object: Deployment | undefined): boolean => {
  const { status, metadata } = object ?? {}
  return (
    status?.observedGeneration === metadata?.generation &&
    status?.updatedReplicas === 3 &&
    status.replicas === 3 &&
    status.availableReplicas === 3
  )
}

test(
  'controllers roll a Deployment out, renew it, serve it and clean up behind it',
  { timeout: 60_000 },
  () =>
    withCluster(async (client) => {
      const metadata = { name: 'demo' }
      await client
        .resource(namespaces)
        .create({ apiVersion: 'v1', kind: 'Namespace', metadata, spec: {} })
      const account = { client, kind: serviceAccounts, place: { ...place, name: 'default' } }
      await until(account, (object) => object !== undefined, within)

      await client.resource(deployments).create(deployment('v1'))
      await client.resource(services).create({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { ...place },
        spec: { selector: { app: 'd' }, ports: [{ port: 80, targetPort: 'http' }] },
      })
      const target = { client, kind: deployments, place }
      const first = await until(target, isRolledOut, within)
      const reasons = first!.status!.conditions!.map(({ type, reason }) => `${type} ${reason}`)
      assert.deepEqual(reasons.toSorted(), [
        'Available MinimumReplicasAvailable',
        'Progressing NewReplicaSetAvailable',
      ])

      const template = deployment('v2').spec.template
      await client.resource(deployments).patch(place, { spec: { template } })
      await until(target, isRolledOut, within)
      const sets = (await client.resource(replicaSets).list({ namespace: 'demo' })).items
      assert.deepEqual(
        sets.map(({ spec }) => spec.replicas ?? 1).toSorted((a, b) => a - b),
        [0, 3],
      )

      const slices = await client.resource(endpointSlices).list({ namespace: 'demo' })
      const ready = slices.items
        .flatMap(({ endpoints }) => endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready)
      assert.equal(ready.length, 3)
      const said = (await client.resource(events).list({ namespace: 'demo' })).items
      assert.ok(said.some(({ reason }) => reason === 'ScalingReplicaSet'))
      assert.ok(said.some(({ reason }) => reason === 'SuccessfulCreate'))

      await client.resource(deployments).delete(place, { propagationPolicy: 'Foreground' })
      await until(target, (object) => object === undefined, within)
      assert.deepEqual((await client.resource(replicaSets).list({ namespace: 'demo' })).items, [])

      await client.resource(namespaces).delete(metadata)
      const gone = { client, kind: namespaces, place: metadata }
      await until(gone, (object) => object === undefined, within)
    }),
)
