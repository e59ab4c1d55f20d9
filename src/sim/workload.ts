// What users do to the simulated cluster, drawn from the seed: a table of actions with their weights.
import type { ApiCall } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Random } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import type { Client, ResourceClient } from '#client/types.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import { keyOf, type KubeObject } from '#kinds/object.ts'
import { deployments, nodes, pods } from '#kinds/refs.ts'
import { sentinels } from './pod-stages.ts'
import type { Trace } from './trace.ts'

const NAMESPACE = 'default'
/**
 * Together these just fit on the nodes, surge included: everything can become ready, and whoever
 * counts wrongly is soon found out.
 */
const most = { deployments: 4, replicas: 6 } as const
const RETRY_MS = 20
const pauseMs = { least: 2_000, most: 40_000 } as const

const ROLLOUTS = [
  { maxSurge: 1, maxUnavailable: 0 },
  { maxSurge: '25%', maxUnavailable: '25%' },
  { maxSurge: 0, maxUnavailable: 1 },
  { maxSurge: 2, maxUnavailable: 1 },
]
/** Share of images that misbehave in each way. */
const BAD_IMAGE_SHARE = 0.1

export interface WorkloadOptions {
  call: ApiCall
  clock: Clock
  random: Random
  trace: Trace
  /** Tells that a deployment loses pods by a user's hand. */
  disturbed: (deploymentKey: string) => void
}

interface Action {
  name: string
  weight: number
  /** Resolves with what was done to what; undefined when there was nothing to do it to. */
  act: () => Promise<string | undefined>
}

export class Workload {
  readonly #options: WorkloadOptions
  readonly #client: Client
  readonly #deployments: ResourceClient<Deployment>
  #made = 0

  readonly #actions: readonly Action[] = [
    { name: 'create', weight: 2, act: () => this.#create() },
    { name: 'scale', weight: 3, act: () => this.#scale() },
    { name: 'update', weight: 4, act: () => this.#update() },
    { name: 'delete', weight: 1, act: () => this.#delete() },
    { name: 'delete pod', weight: 2, act: () => this.#deletePod() },
    { name: 'cordon', weight: 1, act: () => this.#cordon() },
  ]

  constructor(options: WorkloadOptions) {
    this.#options = options
    this.#client = createClient(options.call)
    this.#deployments = this.#client.resource(deployments)
  }

  /** Acts now and then until `untilMs`. */
  async run(untilMs: number): Promise<void> {
    const { clock, trace } = this.#options
    for (;;) {
      const restMs = pauseMs.least + this.#below(pauseMs.most - pauseMs.least)
      if (clock.now() + restMs >= untilMs) return
      await clock.sleep(restMs)
      const { name, act } = this.#nextAction()
      try {
        trace.note(`user: ${name} ${(await act()) ?? 'nothing'}`)
      } catch (error) {
        // What the user chose may be gone by the time of the call.
        if (!isReason(error, 'NotFound')) throw error
        trace.note(`user: ${name} came too late`)
      }
    }
  }

  /** Makes it possible that all is well: no bad images, no cordons. */
  async mend(): Promise<void> {
    for (const node of (await this.#client.resource(nodes).list()).items)
      await this.#edit(
        this.#client.resource(nodes),
        node,
        ({ spec }) => void (spec.unschedulable = false),
      )
    for (const deployment of (await this.#deployments.list({ namespace: NAMESPACE })).items)
      await this.#edit(this.#deployments, deployment, ({ spec }) => {
        const [container] = spec.template.spec!.containers
        if (!container!.image?.startsWith('sim/app')) container!.image = 'sim/app:mended'
      })
    this.#options.trace.note('user: mended everything')
  }

  #below(count: number): number {
    return Math.floor(this.#options.random.next() * count)
  }

  #oneOf<T>(items: readonly T[]): T | undefined {
    return items[this.#below(items.length)]
  }

  #nextAction(): Action {
    const total = this.#actions.reduce((sum, { weight }) => sum + weight, 0)
    let at = this.#options.random.next() * total
    return this.#actions.find(({ weight }) => (at -= weight) < 0) ?? this.#actions[0]!
  }

  #image(): string {
    const bad = Object.values(sentinels)
    const kind = Math.floor(this.#options.random.next() / BAD_IMAGE_SHARE)
    return `${bad[kind] ?? 'sim/app'}:v${this.#below(1_000)}`
  }

  async #anyDeployment(): Promise<Deployment | undefined> {
    return this.#oneOf((await this.#deployments.list({ namespace: NAMESPACE })).items)
  }

  async #create(): Promise<string | undefined> {
    const { items } = await this.#deployments.list({ namespace: NAMESPACE })
    if (items.length >= most.deployments) return undefined
    const name = `app-${++this.#made}`
    const replicas = 1 + this.#below(most.replicas)
    const image = this.#image()
    const deployment = deploymentOf(name, { image, replicas })
    deployment.spec.strategy = { type: 'RollingUpdate', rollingUpdate: this.#oneOf(ROLLOUTS) }
    await this.#deployments.create(deployment)
    return `${name} with ${replicas} of ${image}`
  }

  async #scale(): Promise<string | undefined> {
    const chosen = await this.#anyDeployment()
    if (chosen === undefined) return undefined
    const replicas = this.#below(most.replicas + 1)
    await this.#edit(this.#deployments, chosen, ({ spec }) => void (spec.replicas = replicas))
    return `${keyOf(chosen)} to ${replicas}`
  }

  async #update(): Promise<string | undefined> {
    const chosen = await this.#anyDeployment()
    if (chosen === undefined) return undefined
    const image = this.#image()
    await this.#edit(this.#deployments, chosen, ({ spec }) => {
      spec.template.spec!.containers[0]!.image = image
    })
    return `${keyOf(chosen)} to ${image}`
  }

  async #delete(): Promise<string | undefined> {
    const chosen = await this.#anyDeployment()
    if (chosen === undefined) return undefined
    this.#options.disturbed(keyOf(chosen))
    await this.#deployments.delete(chosen.metadata, { propagationPolicy: 'Background' })
    return keyOf(chosen)
  }

  async #deletePod(): Promise<string | undefined> {
    const resource = this.#client.resource(pods)
    const chosen = this.#oneOf((await resource.list({ namespace: NAMESPACE })).items)
    if (chosen === undefined) return undefined
    this.#options.disturbed(`${NAMESPACE}/${chosen.metadata.labels?.['app']}`)
    await resource.delete(chosen.metadata)
    return keyOf(chosen)
  }

  /** Reads, changes and writes until no other writer comes between. */
  async #edit<T extends KubeObject>(
    resource: ResourceClient<T>,
    { metadata }: T,
    change: (draft: T) => void,
  ): Promise<void> {
    for (;;) {
      const draft = structuredClone(await resource.get(metadata))
      change(draft)
      try {
        await resource.update(draft)
        return
      } catch (error) {
        if (!isReason(error, 'Conflict')) throw error
      }
      // The write that came between may still be on its way to the disk, where no read sees it.
      await this.#options.clock.sleep(RETRY_MS)
    }
  }

  /** Or uncordons, when it is. */
  async #cordon(): Promise<string | undefined> {
    const resource = this.#client.resource(nodes)
    const chosen = this.#oneOf((await resource.list()).items)
    if (chosen === undefined) return undefined
    const unschedulable = !chosen.spec.unschedulable
    await this.#edit(resource, chosen, ({ spec }) => void (spec.unschedulable = unschedulable))
    return `${chosen.metadata.name} ${unschedulable}`
  }
}

function deploymentOf(
  name: string,
  { image, replicas }: { image: string; replicas: number },
): Deployment {
  const requests = { cpu: '500m', memory: '64Mi' }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 5,
          containers: [{ name: 'main', image, resources: { requests } }],
        },
      },
    },
  }
}
