// Empties a machine that shall stop: no new pods, running ones replaced elsewhere, and only then
// the condition `Drained` that its provider waits for. Takes the cordon off when it runs again.
import type { Clock } from '#base/clock.ts'
import { rfc3339 } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { type ReconcileResult, WorkQueue } from '#base/work-queue.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import { DRAINED, type Machine, machines } from '#kinds/ccs/machine.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import type { KubeObject } from '#kinds/object.ts'
import { deployments, nodes, pods } from '#kinds/refs.ts'
import type { Member, Members } from './members.ts'
import { isSole, replaceFirst } from './sole-instance.ts'

export interface MachineDrainOptions {
  hub: { client: Client; informers: InformerFactory }
  members: Members
  clock: Clock
  random: Random
  log: Logger
}

/** A machine stops after this long, drained or not: its user asked for it to stop. */
const DRAIN_DEADLINE_MS = 60_000
const LOOK_AGAIN_MS = 500
/** On the node: that the cordon is ours to take off. */
const CORDONED_BY_STOP = 'ccs.dev/cordoned-by-stop'

const isOver = (pod: Pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

export class MachineDrainController {
  readonly #options: MachineDrainOptions
  readonly #queue: WorkQueue
  readonly #startedAt = new Map<string, number>()

  constructor(options: MachineDrainOptions) {
    this.#options = options
    const { clock, random, log } = options
    this.#queue = new WorkQueue({
      name: 'machine-drain',
      reconcile: (key) => this.#reconcile(key),
      clock,
      random,
      log,
    })
    const changed = (machine: Machine) => this.#queue.add(machine.metadata.name)
    options.hub.informers.informer(machines).on({ added: changed, updated: changed })
    options.members.onAdded((_name, { informers }) => {
      for (const kind of [deployments, nodes, pods]) informers.informer<KubeObject>(kind)
    })
  }

  start(): void {
    this.#queue.start()
  }

  stop(): Promise<void> {
    return this.#queue.stop()
  }

  async #reconcile(name: string): Promise<ReconcileResult> {
    const machine = this.#options.hub.informers.informer(machines).get(name)
    const member = machine && this.#options.members.get(machine.spec.cluster)
    if (machine === undefined || member === undefined) return
    if (machine.spec.power === 'Running') {
      this.#startedAt.delete(name)
      await this.#cordon(member, name, false)
      await this.#setDrained(machine, 'False', 'Running')
      return
    }
    if (machine.status?.phase !== 'Running') return
    await this.#cordon(member, name, true)
    const left = this.#podsOn(member, name)
    const started = this.#startedAt.get(name) ?? this.#options.clock.monotonic()
    this.#startedAt.set(name, started)
    const late = this.#options.clock.monotonic() - started > DRAIN_DEADLINE_MS
    if (left.length > 0 && !late) {
      await Promise.all(left.map((pod) => this.#move(member, machine, pod)))
      return { afterMs: LOOK_AGAIN_MS }
    }
    await this.#setDrained(machine, 'True', late ? 'DeadlinePassed' : 'NoPodsLeft')
  }

  #podsOn(member: Member, node: string): Pod[] {
    return member.informers
      .informer(pods)
      .list()
      .filter((pod) => pod.spec.nodeName === node && !isOver(pod))
  }

  async #move(member: Member, machine: Machine, pod: Pod): Promise<void> {
    if (pod.metadata.deletionTimestamp !== undefined) return
    const all = member.informers.informer(pods).list(pod.metadata.namespace)
    if (isSole(pod, all) && (await replaceFirst(member, machine, pod))) return
    await this.#evict(member, pod)
  }

  async #evict(member: Member, pod: Pod): Promise<void> {
    const { name, namespace } = pod.metadata
    try {
      await member.client.resource(pods).subresource('POST', pod.metadata, 'eviction', {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name, namespace },
      })
    } catch (error) {
      // Gone already, or a disruption budget says not now: the next look tries again.
      if (!isReason(error, 'NotFound') && !isReason(error, 'TooManyRequests')) throw error
    }
  }

  async #cordon(member: Member, name: string, cordoned: boolean): Promise<void> {
    const node = member.informers.informer(nodes).get(name)
    if (node === undefined) return
    const ours = node.metadata.annotations?.[CORDONED_BY_STOP] !== undefined
    if (cordoned ? node.spec.unschedulable === true : !ours) return
    await member.client.resource(nodes).patch(
      { name },
      {
        metadata: { annotations: { [CORDONED_BY_STOP]: cordoned ? 'true' : null } },
        spec: { unschedulable: cordoned ? true : null },
      },
    )
  }

  async #setDrained(machine: Machine, status: 'True' | 'False', reason: string): Promise<void> {
    const others = (machine.status?.conditions ?? []).filter(
      (condition) => condition.type !== DRAINED,
    )
    const before = machine.status?.conditions?.find((condition) => condition.type === DRAINED)
    // Nothing to take back from a machine that never was drained.
    if (before?.status === status || (before === undefined && status === 'False')) return
    const condition = {
      type: DRAINED,
      status,
      reason,
      message: '',
      lastTransitionTime: rfc3339(this.#options.clock.now()),
    }
    await this.#options.hub.client.resource(machines).updateStatus({
      ...machine,
      status: { ...machine.status!, conditions: [...others, condition] },
    })
  }
}
