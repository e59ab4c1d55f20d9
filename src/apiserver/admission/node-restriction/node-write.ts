import type { Authorizer } from '../../authorization/authorizer.ts'
import type { AdmissionRequest, ObjectReader } from '../plugin.ts'

export interface NodeWrite {
  request: AdmissionRequest
  /** Of the node that writes. */
  node: string
  reader: ObjectReader
  authorizer: Authorizer
}

/** Why the node may not; undefined when it may. A StatusError is thrown for what is not there. */
export type Judge = (write: NodeWrite) => string | undefined | Promise<string | undefined>
