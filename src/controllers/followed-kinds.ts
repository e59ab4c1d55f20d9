// Informers of kinds that are known only while the process runs: those of built-in kinds are shared
// with all other controllers, those of custom kinds come and go with their definitions.
import { createInformer } from '#client/informer.ts'
import type { Informer, InformerHandler } from '#client/types.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import * as builtIn from '#kinds/refs.ts'
import type { ControllerContext } from './context.ts'

export interface FollowedKind {
  kind: KindRef
  informer: Informer<KubeObject>
  /** Ours to stop. */
  isOwn: boolean
}

export interface FollowedKindsOptions {
  indexers: Record<string, (object: KubeObject) => string[]>
  handlerFor: (kind: KindRef) => InformerHandler<KubeObject>
}

/** "apps/deployments", "/pods" */
export const kindId = ({ group, plural }: Pick<KindRef, 'group' | 'plural'>): string =>
  `${group}/${plural}`

const BUILT_IN = new Map(Object.values(builtIn).map((kind) => [kindId(kind), kind as KindRef]))

export const builtInKind = (id: string): KindRef | undefined => BUILT_IN.get(id)

export class FollowedKinds {
  readonly #context: ControllerContext
  readonly #options: FollowedKindsOptions
  readonly #followed = new Map<string, FollowedKind>()
  #isStopped = false

  constructor(context: ControllerContext, options: FollowedKindsOptions) {
    this.#context = context
    this.#options = options
  }

  get(id: string): FollowedKind | undefined {
    return this.#followed.get(id)
  }

  all(): FollowedKind[] {
    return [...this.#followed.values()]
  }

  /** Whether every object of them is known. */
  get hasSynced(): boolean {
    return this.#followed.size > 0 && this.all().every(({ informer }) => informer.hasSynced)
  }

  /** Follows these from now on; of those before, informers that are shared go on. */
  async set(kinds: readonly KindRef[]): Promise<void> {
    if (this.#isStopped) return
    const wanted = new Set(kinds.map(kindId))
    for (const kind of kinds) if (!this.#followed.has(kindId(kind))) this.#follow(kind)
    for (const [id, { informer, isOwn }] of this.#followed) {
      if (wanted.has(id) || !isOwn) continue
      this.#followed.delete(id)
      await informer.stop()
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    const own = this.all().filter(({ isOwn }) => isOwn)
    await Promise.all(own.map(({ informer }) => informer.stop()))
  }

  #follow(kind: KindRef): void {
    const { indexers, handlerFor } = this.#options
    const isOwn = !BUILT_IN.has(kindId(kind))
    const informer = isOwn
      ? createInformer({ ...this.#context, kind, indexers })
      : this.#context.informers.informer(kind, { indexers })
    this.#followed.set(kindId(kind), { kind, informer, isOwn })
    informer.on(handlerFor(kind))
    if (isOwn) informer.start()
  }
}
