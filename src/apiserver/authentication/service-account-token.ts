// Whether a service account's token still holds: what it names must be there, and be the same.
import type { Clock } from '#base/clock.ts'
import type { ServiceAccountClaim } from '#identity/token-issuer.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import { keyFor, prefixFor } from '../resources.ts'

/** For so long a token of something that is being deleted is good, so that it can end in order. */
const LEEWAY_MS = 60_000

interface Named {
  plural: string
  namespaced: boolean
  name: string
  uid: string
}

export function stillHolds(
  { namespace, serviceaccount, pod, secret, node }: ServiceAccountClaim,
  { objects, clock }: { objects: ObjectStorage; clock: Clock },
): boolean {
  const named: Named[] = [{ plural: 'serviceaccounts', namespaced: true, ...serviceaccount }]
  if (pod !== undefined) named.push({ plural: 'pods', namespaced: true, ...pod })
  if (secret !== undefined) named.push({ plural: 'secrets', namespaced: true, ...secret })
  // The node of a pod's token only tells where the pod runs.
  if (pod === undefined && node?.uid !== undefined)
    named.push({ plural: 'nodes', namespaced: false, name: node.name, uid: node.uid })
  return named.every(({ plural, namespaced, name, uid }) => {
    const key = keyFor({ prefix: prefixFor('', plural) }, namespaced ? namespace : undefined, name)
    const metadata = objects.get(key)?.object.metadata
    if (metadata?.uid !== uid) return false
    const { deletionTimestamp } = metadata
    return (
      deletionTimestamp === undefined || Date.parse(deletionTimestamp) + LEEWAY_MS > clock.now()
    )
  })
}
