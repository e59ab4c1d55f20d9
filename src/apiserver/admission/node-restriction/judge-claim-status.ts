// Claims: a node reports that a volume has grown, and nothing else.
import type { PersistentVolumeClaim } from '#kinds/k8s/core.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { Judge } from './node-write.ts'

const REPORTED = ['capacity', 'conditions', 'allocatedResources', 'allocatedResourceStatuses']

function unreported(claim: PersistentVolumeClaim): unknown {
  const { managedFields: _fields, resourceVersion: _version, ...metadata } = claim.metadata
  const status = Object.entries(claim.status ?? {}).filter(([field]) => !REPORTED.includes(field))
  return { ...claim, metadata, status: Object.fromEntries(status) }
}

export const judgeClaimStatus: Judge = ({ request, node }) => {
  const { operation, subresource, old, object } = request
  if (subresource !== 'status') return 'may only update PVC status'
  if (operation !== 'UPDATE') return `unexpected operation "${operation}"`
  const [before, after] = [old, object] as [PersistentVolumeClaim, PersistentVolumeClaim]
  return deepEqual(unreported(before), unreported(after))
    ? undefined
    : `node ${JSON.stringify(node)} is not allowed to update fields other than status.capacity and status.conditions`
}
