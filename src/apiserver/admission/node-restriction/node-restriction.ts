// Holds nodes to what is theirs: their own Node, Lease and CSINode, the pods bound to them, and tokens and
// certificates for those (k8s.io/kubernetes plugin/pkg/admission/noderestriction, whose words clients see).
// Users that are no nodes are none of its business.
import { forbidden } from '../../api-errors.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import { nodeNameOf } from '../../authorization/node/node-identity.ts'
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from '../plugin.ts'
import type { Judge, NodeWrite } from './node-write.ts'
import { judgeCertificateRequest } from './judge-certificate-request.ts'
import { judgeClaimStatus } from './judge-claim-status.ts'
import { judgeNode } from './judge-node.ts'
import { judgePod } from './judge-pod.ts'
import { judgeToken } from './judge-token.ts'

const LEASES = 'kube-node-lease'

/** Of a new object its own name counts: that of the request may be empty. */
const nameOf = ({ operation, object, name }: AdmissionRequest): string =>
  operation === 'CREATE' ? (object?.metadata.name ?? '') : name

const judgeLease: Judge = ({ request, node }) => {
  if (request.namespace !== LEASES)
    return `can only access leases in the "${LEASES}" system namespace`
  return nameOf(request) === node
    ? undefined
    : 'can only access node lease with the same name as the requesting node'
}

const judgeCsiNode: Judge = ({ request, node }) =>
  nameOf(request) === node
    ? undefined
    : 'can only access CSINode with the same name as the requesting node'

const judgeSlice: Judge = ({ request, node }) => {
  const { operation, object, old } = request
  const slice = (operation === 'DELETE' ? old : object) as
    | { spec?: { nodeName?: string } }
    | undefined
  if (operation === 'UPDATE' || slice?.spec?.nodeName === node) return undefined
  return `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`
}

/** By "plural.group". */
const JUDGES: Readonly<Record<string, Judge>> = {
  'pods.': judgePod,
  'nodes.': judgeNode,
  'persistentvolumeclaims.': judgeClaimStatus,
  'serviceaccounts.': judgeToken,
  'leases.coordination.k8s.io': judgeLease,
  'csinodes.storage.k8s.io': judgeCsiNode,
  'resourceslices.resource.k8s.io': judgeSlice,
  'certificatesigningrequests.certificates.k8s.io': judgeCertificateRequest,
}

export function nodeRestriction(reader: ObjectReader, authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    asksOfUnstored: true,
    admit(request) {
      const node = nodeNameOf(request.user)
      if (node === undefined || request.operation === 'CONNECT') return undefined
      return refuseOthers({ request, node, reader, authorizer })
    },
  }
}

async function refuseOthers(write: NodeWrite): Promise<void> {
  const { request, node } = write
  const { group, resource, name, user } = request
  const why =
    node === ''
      ? `could not determine node from user ${JSON.stringify(user.username)}`
      : await JUDGES[`${resource}.${group}`]?.(write)
  if (why !== undefined) throw forbidden({ group, resource }, name, why)
}
