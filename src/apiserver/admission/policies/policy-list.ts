// The policies of one kind with their bindings, kept in step with what is stored and compiled when first
// asked for.
import type { ObjectStorage } from '../../objects/object-storage.ts'
import { prefixFor } from '../../resources.ts'
import type { KubeObject } from '#kinds/object.ts'

const GROUP = 'admissionregistration.k8s.io'

export interface BoundPolicy<Policy, Binding> {
  policy: Policy
  bindings: readonly Binding[]
}

export interface PolicyList<Policy, Binding> {
  readonly bound: readonly BoundPolicy<Policy, Binding>[]
  close(): void
}

export function followPolicies<
  Policy extends KubeObject,
  Binding extends KubeObject & { spec: { policyName?: string | undefined } },
>(
  objects: ObjectStorage,
  plurals: { policies: string; bindings: string },
): PolicyList<Policy, Binding> {
  const prefixes = [prefixFor(GROUP, plurals.policies), prefixFor(GROUP, plurals.bindings)] as const
  const read = (): BoundPolicy<Policy, Binding>[] => {
    const bindings = objects.list(prefixes[1]).map(({ object }) => object as Binding)
    // Keys are in the order of names. A policy that nothing binds has no effect.
    return objects
      .list(prefixes[0])
      .map(({ object }) => ({
        policy: object as Policy,
        bindings: bindings.filter(({ spec }) => spec.policyName === object.metadata.name),
      }))
      .filter((one) => one.bindings.length > 0)
  }
  let bound = read()
  const watches = prefixes.map((prefix) =>
    objects.store.watch(prefix, objects.revision, { events: () => void (bound = read()) }),
  )
  return {
    get bound() {
      return bound
    },
    close() {
      for (const watch of watches) watch.close()
    },
  }
}
