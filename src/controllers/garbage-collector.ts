// Deletes objects whose owners are gone, and carries out foreground and orphaning deletions.
import { isReason } from '#base/errors.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { EventRecorder } from '#client/event-recorder.ts'
import type { OwnerReference } from '#kinds/k8s/meta.ts'
import { hasFinalizer, isDeleting } from '#kinds/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import { customResourceDefinitions as crdKind } from '#kinds/refs.ts'
import { FOREGROUND, ORPHAN, type OwnerState, planCollection } from './collection-plan.ts'
import type { Controller, ControllerContext } from './context.ts'
import { type KeyedController, keyedController } from './keyed-controller.ts'
import { type GraphNode, OwnerGraph } from './owner-graph.ts'

/** The queue's keys are objects; this one stands for the kinds themselves. */
const KINDS = 'kinds'
/** Until the informers of new kinds have synced. */
const WAIT_FOR_SYNC_MS = 100
/** Until groups are asked again that did not answer. */
const ASK_AGAIN_MS = 30_000

export function createGarbageCollector(context: ControllerContext): Controller {
  return new GarbageCollector(context)
}

class GarbageCollector implements Controller {
  readonly #context: ControllerContext
  readonly #graph: OwnerGraph
  readonly #queue: KeyedController
  readonly #recorder: EventRecorder

  constructor(context: ControllerContext) {
    this.#context = context
    this.#recorder = context.recorderFor('garbage-collector-controller')
    const definitions = context.informers.informer(crdKind)
    this.#graph = new OwnerGraph(context, (node, wasDeleted) => this.#changed(node, wasDeleted))
    this.#queue = keyedController(context, {
      name: 'garbage-collector',
      needs: [definitions],
      reconcile: (key) => (key === KINDS ? this.#refresh() : this.#reconcile(key)),
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

  async #refresh(): Promise<ReconcileResult> {
    return (await this.#graph.refresh()) ? undefined : { afterMs: ASK_AGAIN_MS }
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
        await this.#patch(node, { ownerReferences: action.ownerReferences })
        return
      case 'delete':
        return this.#delete(await this.#unblocked(node, action.isCycle), action.policy)
      case 'wait-for':
        return this.#addAll(action.dependents.flatMap((object) => byObject.get(object) ?? []))
      case 'drop-finalizer':
        return this.#dropFinalizer(node, action.finalizer)
      case 'orphan':
        for (const dependent of dependents) await this.#orphan(dependent, node)
        return this.#dropFinalizer(node, ORPHAN)
    }
  }

  async #ownerStates(node: GraphNode): Promise<Map<string, OwnerState>> {
    const states = new Map<string, OwnerState>()
    if (isDeleting(node.object)) return states
    for (const owner of node.object.metadata.ownerReferences ?? [])
      states.set(owner.uid, await this.#stateOf(owner, node))
    return states
  }

  async #stateOf(
    owner: OwnerReference,
    { kind: { namespaced }, object }: GraphNode,
  ): Promise<OwnerState> {
    const { namespace } = object.metadata
    const kind = this.#graph.kindOf(owner.apiVersion, owner.kind)
    if (kind?.namespaced && !namespaced) {
      // Such an owner can be in any namespace: nothing can be said about it.
      this.#warn(owner, object)
      return 'solid'
    }
    const known = this.#graph.byUid(owner.uid)
    if (known && isMeant(owner, known, namespace)) {
      const isWaiting = isDeleting(known.object) && hasFinalizer(known.object, FOREGROUND)
      return isWaiting ? 'waiting' : 'solid'
    }
    if (known?.kind.namespaced && known.object.metadata.namespace !== namespace)
      this.#warn(owner, object)
    // Not seen yet is not the same as gone: only the API's own answer counts.
    if (!kind)
      throw new Error(`the owner's kind ${owner.kind} (${owner.apiVersion}) is not served here`)
    try {
      const place = { name: owner.name, ...(kind.namespaced ? { namespace } : {}) }
      const { metadata } = await this.#context.client.resource(kind).get(place)
      return metadata.uid === owner.uid ? 'solid' : 'absent'
    } catch (error) {
      if (isReason(error, 'NotFound')) return 'absent'
      throw error
    }
  }

  /** In the words of Kubernetes: users look for the reason. */
  #warn({ apiVersion, kind, name, uid }: OwnerReference, object: KubeObject): void {
    const { namespace = '' } = object.metadata
    const owner = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`
    this.#recorder.event(object, {
      type: 'Warning',
      reason: 'OwnerRefInvalidNamespace',
      message: `ownerRef ${owner} does not exist in namespace "${namespace}"`,
    })
  }

  /** Of a cycle one must no longer block its owner, or each would wait for the next. */
  async #unblocked(node: GraphNode, isCycle: boolean): Promise<GraphNode> {
    const owners = node.object.metadata.ownerReferences ?? []
    if (!isCycle || !owners.some(({ blockOwnerDeletion }) => blockOwnerDeletion)) return node
    const ownerReferences = owners.map((owner) => ({ ...owner, blockOwnerDeletion: false }))
    const object = await this.#patch(node, { ownerReferences })
    return object === undefined ? node : { ...node, object }
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

  async #orphan(dependent: GraphNode, owner: GraphNode): Promise<void> {
    const ownerReferences = (dependent.object.metadata.ownerReferences ?? []).filter(
      ({ uid }) => uid !== owner.object.metadata.uid,
    )
    await this.#patch(dependent, { ownerReferences })
  }

  async #dropFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    const finalizers = (node.object.metadata.finalizers ?? []).filter((name) => name !== finalizer)
    await this.#patch(node, { finalizers })
  }

  async #patch(
    { kind, object }: GraphNode,
    change: { ownerReferences?: OwnerReference[]; finalizers?: string[] },
  ): Promise<KubeObject | undefined> {
    const { uid, resourceVersion } = object.metadata
    const metadata = { uid, resourceVersion, ...change }
    try {
      return await this.#context.client.resource(kind).patch(object.metadata, { metadata })
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
  }
}

/** Whether the object with the owner's uid is what the reference names, in the namespace of the owned. */
const isMeant = (owner: OwnerReference, { kind, object }: GraphNode, namespace?: string): boolean =>
  kind.kind === owner.kind &&
  kind.group === groupOf(owner.apiVersion) &&
  object.metadata.name === owner.name &&
  (!kind.namespaced || object.metadata.namespace === namespace)

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''

/** Whether its deletion waits for this controller. */
const isHeldByUs = ({ object }: GraphNode): boolean =>
  isDeleting(object) && (hasFinalizer(object, FOREGROUND) || hasFinalizer(object, ORPHAN))
