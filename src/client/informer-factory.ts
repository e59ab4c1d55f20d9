// One informer per kind, shared by all parts that work on one cluster.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import type { Indexer } from './informer-cache.ts'
import { type IndexedInformer, createInformer } from './informer.ts'
import type { Client, Informer, InformerFactory } from './types.ts'

export interface InformerFactoryOptions {
  client: Client
  clock: Clock
  random: Random
  log: Logger
}

export function createInformerFactory(options: InformerFactoryOptions): InformerFactory {
  // The key holds the kind, so that the value's type follows from the one asked for.
  const informers = new Map<string, IndexedInformer<KubeObject>>()
  let started = false

  const make = <T extends KubeObject>(kind: KindRef<T>): IndexedInformer<T> => {
    const informer = createInformer({ ...options, kind })
    if (started) informer.start()
    return informer
  }

  return {
    informer<T extends KubeObject>(
      kind: KindRef<T>,
      { indexers = {} }: { indexers?: Record<string, Indexer<T>> } = {},
    ): Informer<T> {
      const key = `${kind.group}/${kind.plural}`
      const known = informers.get(key) as IndexedInformer<T> | undefined
      const informer = known ?? make(kind)
      informers.set(key, informer as unknown as IndexedInformer<KubeObject>)
      informer.addIndexers(indexers)
      return informer
    },
    start() {
      started = true
      for (const informer of informers.values()) informer.start()
    },
    async synced() {
      await Promise.all([...informers.values()].map((informer) => informer.synced))
    },
    async stop() {
      await Promise.all([...informers.values()].map((informer) => informer.stop()))
    },
  }
}
