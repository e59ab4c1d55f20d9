import { rfc3339 } from '#base/clock.ts'
import type { Asker, ClusterContext } from '../context.ts'
import type { Writer } from './track-update.ts'

const LENGTH_MAX = 128
const SERVER = 'kube-apiserver'

/** Who writes: the manager a request names, else the program that sends it ("kubectl/v1.36" is kubectl). */
export function writerOf(
  { clock }: Pick<ClusterContext, 'clock'>,
  { request }: Pick<Asker, 'request'>,
): Writer {
  const time = rfc3339(clock.now())
  if (request === undefined) return { manager: SERVER, time }
  const agent = request.userAgent?.split('/', 1)[0]?.replaceAll(/[^\x20-\x7e]/g, '')
  const manager = request.query.get('fieldManager') || agent?.slice(0, LENGTH_MAX)
  return { manager: manager || 'unknown', time }
}
