// How long pods take from a wish to ready, as kubectl sees it.
import { eventually } from '../e2e/instance.ts'
import { CLUSTER_CONTEXT, type LiveInstance } from './live-instance.ts'
import { median, row } from './rows.ts'
import type { Step } from './step.ts'

const RUNS = 3
const NAME = 'bench'
const NAMESPACE = 'bench-rollout'
const REPLICAS = 20
const SETTLE_TIMEOUT_MS = 60_000

/** The sample image, there on all machines since the demo runs on each. */
const IMAGE = 'registry.ccs.internal/default/hello:1'

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: NAME, namespace: NAMESPACE },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: NAME } },
    template: {
      metadata: { labels: { app: NAME } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'main',
            image: IMAGE,
            env: [{ name: 'DRAIN_SECONDS', value: '0' }],
            readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
}

const kubectl = (instance: LiveInstance, ...args: string[]) =>
  instance.kubectl(CLUSTER_CONTEXT, '-n', NAMESPACE, ...args)

const rolledOut = (instance: LiveInstance) =>
  kubectl(instance, 'rollout', 'status', `deployment/${NAME}`, '--timeout=60s')

async function seconds(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await act()
  return (performance.now() - begun) / 1000
}

function untilPods(instance: LiveInstance, count: number): Promise<unknown> {
  return eventually(`${count} pods`, SETTLE_TIMEOUT_MS, async () => {
    const names = await kubectl(instance, 'get', 'pods', '-o', 'name')
    return names.split('\n').filter(Boolean).length === count
  })
}

/** Runs `work` in a namespace of its own. */
async function withNamespace<T>(instance: LiveInstance, work: () => Promise<T>): Promise<T> {
  await instance.kubectl(CLUSTER_CONTEXT, 'create', 'namespace', NAMESPACE)
  try {
    return await work()
  } finally {
    await instance.kubectl(CLUSTER_CONTEXT, 'delete', 'namespace', NAMESPACE, '--timeout=60s')
  }
}

export const firstPodStep: Step = {
  name: 'first-pod',
  needs: ['root', 'kubectl'],
  timeoutMs: 180_000,
  async measure({ live }) {
    const instance = await live()
    const took = await withNamespace(instance, async () => {
      const all: number[] = []
      for (let i = 0; i < RUNS; i++) {
        all.push(
          await seconds(async () => {
            await instance.create(deployment)
            await rolledOut(instance)
          }),
        )
        await kubectl(instance, 'delete', 'deployment', NAME)
        await untilPods(instance, 0)
      }
      return all
    })
    return [row('firstPod', median(took))]
  },
}

export const scaleStep: Step = {
  name: 'scale',
  needs: ['root', 'kubectl'],
  timeoutMs: 300_000,
  async measure({ live }) {
    const instance = await live()
    const scale = (replicas: number) =>
      kubectl(instance, 'scale', `deployment/${NAME}`, `--replicas=${replicas}`)
    const took = await withNamespace(instance, async () => {
      await instance.create(deployment)
      await rolledOut(instance)
      const all: number[] = []
      for (let i = 0; i < RUNS; i++) {
        all.push(
          await seconds(async () => {
            await scale(REPLICAS)
            await rolledOut(instance)
          }),
        )
        await scale(1)
        await untilPods(instance, 1)
      }
      return all
    })
    return [row('scale', median(took))]
  },
}
