// All objects of a cluster that may own or be owned: one informer per kind that discovery lists.
import { apiVersionOf } from '#kinds/meta.ts'
import { type KubeObject, keyOf } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import type { ControllerContext } from './context.ts'
import { canBeManaged, discoverKinds } from './discovery.ts'
import { FollowedKinds, kindId } from './followed-kinds.ts'

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

export class OwnerGraph {
  readonly #context: ControllerContext
  readonly #kinds: FollowedKinds

  constructor(context: ControllerContext, changed: (node: GraphNode, wasDeleted: boolean) => void) {
    this.#context = context
    this.#kinds = new FollowedKinds(context, {
      indexers,
      handlerFor: (kind) => ({
        added: (object) => changed({ kind, object }, false),
        updated: (object) => changed({ kind, object }, false),
        deleted: (object) => changed({ kind, object }, true),
      }),
    })
  }

  /** Whether every object is known: only then may it be said that something has no dependents. */
  get isComplete(): boolean {
    return this.#kinds.hasSynced
  }

  keyOf({ kind, object }: GraphNode): string {
    return `${kindId(kind)}|${keyOf(object)}`
  }

  get(key: string): GraphNode | undefined {
    const bar = key.indexOf('|')
    const followed = this.#kinds.get(key.slice(0, bar))
    const object = followed?.informer.get(key.slice(bar + 1))
    return followed && object && { kind: followed.kind, object }
  }

  byUid(uid: string): GraphNode | undefined {
    return this.#find(BY_UID, uid)[0]
  }

  dependentsOf({ metadata }: KubeObject): GraphNode[] {
    return metadata.uid === undefined ? [] : this.#find(BY_OWNER, metadata.uid)
  }

  /** The kind that an owner reference names. */
  kindOf(apiVersion: string, kind: string): KindRef | undefined {
    return this.#kinds
      .all()
      .find((followed) => followed.kind.kind === kind && apiVersionOf(followed.kind) === apiVersion)
      ?.kind
  }

  /**
   * Follows the kinds that are served now, and no others. Of groups that do not answer the kinds known so
   * far are followed on; resolves with whether all answered.
   */
  async refresh(): Promise<boolean> {
    const { kinds, failures } = await discoverKinds(this.#context.client)
    const silent = new Set(failures.map(({ group }) => group))
    const kept = this.#kinds.all().flatMap(({ kind }) => (silent.has(kind.group) ? [kind] : []))
    const found = kinds.filter((kind) => canBeManaged(kind) && !IGNORED.has(kindId(kind)))
    await this.#kinds.set([...found, ...kept])
    return failures.length === 0
  }

  stop(): Promise<void> {
    return this.#kinds.stop()
  }

  #find(index: string, value: string): GraphNode[] {
    return this.#kinds
      .all()
      .flatMap(({ kind, informer }) =>
        informer.byIndex(index, value).map((object) => ({ kind, object })),
      )
  }
}
