// Where a bug can be planted, to see whether the simulation finds it. The product's own code stays as it
// is: a plant stands in for a part of it, or between two parts.
import type { ApiCall } from '#base/api-call.ts'
import type { Committer } from '#storage/committer.ts'
import type { StartProcess } from './processes.ts'

export interface Plant {
  /** Between the control plane's processes and the API. */
  call?: (call: ApiCall) => ApiCall
  /** The server's own answers. */
  serverCall?: (call: ApiCall) => ApiCall
  /** Between the server and its disk. */
  disk?: (disk: Committer) => Committer
  /** Other processes than the real ones. */
  controllers?: StartProcess
  scheduler?: StartProcess
  platform?: StartProcess
}
