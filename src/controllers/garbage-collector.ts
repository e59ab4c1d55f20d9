// Deletes objects whose owners are gone, and carries out foreground and orphaning deletions.
import { isReason } from '#base/errors.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { OwnerReference } from '#kinds/k8s/meta.ts'
import { hasFinalizer, isDeleting } from '#kinds/meta.ts'
import { customResourceDefinitions as crdKind } from '#kinds/refs.ts'
import { FOREGROUND, ORPHAN, type OwnerState, planCollection } from './collection-plan.ts'
import type { Controller, ControllerContext } from './context.ts'
import { type KeyedController, keyedController } from './keyed-controller.ts'
import { type GraphNode, OwnerGraph } from './owner-graph.ts'

/** The queue's keys are objects; this one stands for the kinds themselves. */
const KINDS = 'kinds'
/** Until the informers of new kinds have synced. */
const WAIT_FOR_SYNC_MS = 100

export function createGarbageCollector(context: ControllerContext): Controller {
  return new GarbageCollector(context)
}

class GarbageCollector implements Controller {
  readonly #context: ControllerContext
  readonly #graph: OwnerGraph
  readonly #queue: KeyedController

  constructor(context: ControllerContext) {
    this.#context = context
    const definitions = context.informers.informer(crdKind)
    this.#graph = new OwnerGraph(context, (node, wasDeleted) => this.#changed(node, wasDeleted))
    this.#queue = keyedController(context, {
      name: 'garbage-collector',
      needs: [definitions],
      reconcile: (key) => (key === KINDS ? this.#graph.refresh() : this.#reconcile(key)),
      workers: 8,
    })
    const refresh = () => this.#queue.add(KINDS)
    definitions.on({ added: refresh, updated: refresh, deleted: refresh })
  }

  start(): void {
    this.#queue.add(KINDS)
    this.#queue.start()
  }

  async stop(): Promise<void> {
    await this.#queue.stop()
    await this.#graph.stop()
  }

  #changed(node: GraphNode, wasDeleted: boolean): void {
    const { object } = node
    const owners = object.metadata.ownerReferences ?? []
    if (wasDeleted) {
      this.#addAll(this.#graph.dependentsOf(object))
      // An owner may have waited for this one to go.
      this.#addAll(owners.flatMap(({ uid }) => this.#graph.byUid(uid) ?? []))
    } else if (owners.length > 0 || isHeldByUs(node)) this.#addAll([node])
  }

  #addAll(nodes: readonly GraphNode[]): void {
    for (const node of nodes) this.#queue.add(this.#graph.keyOf(node))
  }

  async #reconcile(key: string): Promise<ReconcileResult> {
    if (!this.#graph.isComplete) return { afterMs: WAIT_FOR_SYNC_MS }
    const node = this.#graph.get(key)
    if (!node) return
    const states = await this.#ownerStates(node)
    const dependents = this.#graph.dependentsOf(node.object)
    const byObject = new Map(dependents.map((dependent) => [dependent.object, dependent]))
    const action = planCollection({
      object: node.object,
      stateOf: ({ uid }) => states.get(uid) ?? 'solid',
      dependents: dependents.map(({ object }) => object),
    })
    switch (action.type) {
      case 'keep':
        return
      case 'drop-owners':
        return this.#patch(node, { ownerReferences: action.ownerReferences })
      case 'delete':
        return this.#delete(node, action.policy)
      case 'wait-for':
        return this.#addAll(action.dependents.flatMap((object) => byObject.get(object) ?? []))
      case 'drop-finalizer':
        return this.#dropFinalizer(node, action.finalizer)
      case 'orphan':
        for (const dependent of dependents) await this.#orphan(dependent, node)
        return this.#dropFinalizer(node, ORPHAN)
    }
  }

  async #ownerStates({ object }: GraphNode): Promise<Map<string, OwnerState>> {
    const states = new Map<string, OwnerState>()
    if (isDeleting(object)) return states
    const { ownerReferences = [], namespace } = object.metadata
    for (const owner of ownerReferences)
      states.set(owner.uid, await this.#stateOf(owner, namespace))
    return states
  }

  async #stateOf(owner: OwnerReference, namespace: string | undefined): Promise<OwnerState> {
    const known = this.#graph.byUid(owner.uid)
    if (known) {
      const waits = isDeleting(known.object) && hasFinalizer(known.object, FOREGROUND)
      return waits && owner.blockOwnerDeletion ? 'waiting' : 'solid'
    }
    // Not seen yet is not the same as gone: only the API's own answer counts.
    const kind = this.#graph.kindOf(owner.apiVersion, owner.kind)
    if (!kind)
      throw new Error(`the owner's kind ${owner.kind} (${owner.apiVersion}) is not served here`)
    if (kind.namespaced && namespace === undefined) return 'absent'
    try {
      const place = { name: owner.name, ...(kind.namespaced ? { namespace } : {}) }
      const { metadata } = await this.#context.client.resource(kind).get(place)
      return metadata.uid === owner.uid ? 'solid' : 'absent'
    } catch (error) {
      if (isReason(error, 'NotFound')) return 'absent'
      throw error
    }
  }

  async #delete(
    { kind, object }: GraphNode,
    propagationPolicy: 'Orphan' | 'Foreground' | 'Background',
  ): Promise<void> {
    const { uid = '', resourceVersion = '' } = object.metadata
    // The version too: its owners may have changed since we judged.
    const preconditions = { uid, resourceVersion }
    try {
      await this.#context.client
        .resource(kind)
        .delete(object.metadata, { propagationPolicy, preconditions })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  #orphan(dependent: GraphNode, owner: GraphNode): Promise<void> {
    const ownerReferences = (dependent.object.metadata.ownerReferences ?? []).filter(
      ({ uid }) => uid !== owner.object.metadata.uid,
    )
    return this.#patch(dependent, { ownerReferences })
  }

  #dropFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    const finalizers = (node.object.metadata.finalizers ?? []).filter((name) => name !== finalizer)
    return this.#patch(node, { finalizers })
  }

  async #patch(
    { kind, object }: GraphNode,
    change: { ownerReferences?: OwnerReference[]; finalizers?: string[] },
  ): Promise<void> {
    const { uid, resourceVersion } = object.metadata
    const metadata = { uid, resourceVersion, ...change }
    try {
      await this.#context.client.resource(kind).patch(object.metadata, { metadata })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}

/** Whether its deletion waits for this controller. */
const isHeldByUs = ({ object }: GraphNode): boolean =>
  isDeleting(object) && (hasFinalizer(object, FOREGROUND) || hasFinalizer(object, ORPHAN))
