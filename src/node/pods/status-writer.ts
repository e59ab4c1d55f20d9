// Writes a pod's status when it differs from what the API has.
import { isDeepStrictEqual } from 'node:util'
import { isReason } from '#base/errors.ts'
import { limits } from '#base/limits.ts'
import type { Client } from '#client/types.ts'
import { compareVersions } from '#client/resource-version.ts'
import type { Pod, PodStatus } from '#kinds/k8s/core.ts'
import { pods } from '#kinds/refs.ts'
import type { PodRecord } from './pod-record.ts'

/** As the API returns it: fields that are undefined do not exist. */
const plain = (status: PodStatus | undefined): unknown => JSON.parse(JSON.stringify(status ?? {}))

export const isNewer = (pod: Pod, than: Pod): boolean =>
  compareVersions(pod.metadata.resourceVersion, than.metadata.resourceVersion) > 0

export function statusDiffers(record: PodRecord, status: PodStatus): boolean {
  const { pod, written } = record
  if (isDeepStrictEqual(plain(pod.status), plain(status))) return false
  // A server that keeps a field of ours otherwise must not be asked forever.
  const same = written?.resourceVersion === pod.metadata.resourceVersion
  return !(same && written?.status === JSON.stringify(status))
}

/**
 * Writes `statusOf` the newest pod. A pod that is gone, or is another one by now, needs no status.
 */
export async function writePodStatus(
  client: Client,
  record: PodRecord,
  statusOf: (pod: Pod) => PodStatus,
): Promise<void> {
  const resource = client.resource(pods)
  const { metadata } = record.pod
  const place = { namespace: metadata.namespace, name: metadata.name }
  for (let tries = 1; ; tries++) {
    const status = statusOf(record.pod)
    if (!statusDiffers(record, status)) return
    try {
      const result = await resource.updateStatus({ ...record.pod, status })
      const { resourceVersion } = result.metadata
      record.written = { status: JSON.stringify(status), resourceVersion }
      if (isNewer(result, record.pod)) record.pod = result
      return
    } catch (error) {
      if (isReason(error, 'NotFound')) return
      if (!isReason(error, 'Conflict') || tries >= limits.conflictRetriesMax) throw error
    }
    const current = await resource.get(place)
    if (current.metadata.uid !== record.uid) return
    record.pod = current
  }
}
