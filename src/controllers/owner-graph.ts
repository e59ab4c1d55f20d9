// All objects of a cluster that may own or be owned: one informer per kind that discovery lists.
import type { Informer } from '#client/types.ts'
import { createInformer } from '#client/informer.ts'
import { apiVersionOf } from '#kinds/meta.ts'
import { type KubeObject, keyOf } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import * as builtIn from '#kinds/refs.ts'
import type { ControllerContext } from './context.ts'
import { canBeManaged, discoverKinds } from './discovery.ts'

const BY_UID = 'uid'
const BY_OWNER = 'owner'
const indexers = {
  [BY_UID]: ({ metadata }: KubeObject) => [metadata.uid ?? ''],
  [BY_OWNER]: ({ metadata }: KubeObject) => (metadata.ownerReferences ?? []).map(({ uid }) => uid),
}

/** Events are many, live an hour, and own nothing. */
const IGNORED = new Set(['/events', 'events.k8s.io/events'])

export interface GraphNode {
  kind: KindRef
  object: KubeObject
}

interface Monitor {
  kind: KindRef
  informer: Informer<KubeObject>
  /** Ours to stop; informers of built-in kinds are shared. */
  isOwn: boolean
}

const idOf = ({ group, plural }: KindRef): string => `${group}/${plural}`

const BUILT_IN = new Set(Object.values(builtIn).map(idOf))

export class OwnerGraph {
  readonly #context: ControllerContext
  readonly #changed: (node: GraphNode, wasDeleted: boolean) => void
  readonly #monitors = new Map<string, Monitor>()
  #isStopped = false

  constructor(context: ControllerContext, changed: (node: GraphNode, wasDeleted: boolean) => void) {
    this.#context = context
    this.#changed = changed
  }

  /** Whether every object is known: only then may it be said that something has no dependents. */
  get isComplete(): boolean {
    return (
      this.#monitors.size > 0 && [...this.#monitors.values()].every((m) => m.informer.hasSynced)
    )
  }

  keyOf({ kind, object }: GraphNode): string {
    return `${idOf(kind)}|${keyOf(object)}`
  }

  get(key: string): GraphNode | undefined {
    const bar = key.indexOf('|')
    const monitor = this.#monitors.get(key.slice(0, bar))
    const object = monitor?.informer.get(key.slice(bar + 1))
    return monitor && object && { kind: monitor.kind, object }
  }

  byUid(uid: string): GraphNode | undefined {
    return this.#find(BY_UID, uid)[0]
  }

  dependentsOf({ metadata }: KubeObject): GraphNode[] {
    return metadata.uid === undefined ? [] : this.#find(BY_OWNER, metadata.uid)
  }

  /** The kind that an owner reference names. */
  kindOf(apiVersion: string, kind: string): KindRef | undefined {
    for (const monitor of this.#monitors.values())
      if (monitor.kind.kind === kind && apiVersionOf(monitor.kind) === apiVersion)
        return monitor.kind
    return undefined
  }

  /** Follows the kinds that are served now, and no others. */
  async refresh(): Promise<void> {
    const kinds = (await discoverKinds(this.#context.client)).filter(
      (kind) => canBeManaged(kind) && !IGNORED.has(idOf(kind)),
    )
    if (this.#isStopped) return
    const served = new Set(kinds.map(idOf))
    for (const kind of kinds) if (!this.#monitors.has(idOf(kind))) this.#follow(kind)
    for (const [id, { informer, isOwn }] of this.#monitors) {
      if (served.has(id) || !isOwn) continue
      this.#monitors.delete(id)
      await informer.stop()
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    const own = [...this.#monitors.values()].filter(({ isOwn }) => isOwn)
    await Promise.all(own.map(({ informer }) => informer.stop()))
  }

  #find(index: string, value: string): GraphNode[] {
    return [...this.#monitors.values()].flatMap(({ kind, informer }) =>
      informer.byIndex(index, value).map((object) => ({ kind, object })),
    )
  }

  #follow(kind: KindRef): void {
    const isOwn = !BUILT_IN.has(idOf(kind))
    const informer = isOwn
      ? createInformer({ ...this.#context, kind, indexers })
      : this.#context.informers.informer(kind, { indexers })
    this.#monitors.set(idOf(kind), { kind, informer, isOwn })
    const changed = (object: KubeObject) => this.#changed({ kind, object }, false)
    informer.on({
      added: changed,
      updated: changed,
      deleted: (object) => this.#changed({ kind, object }, true),
    })
    if (isOwn) informer.start()
  }
}
