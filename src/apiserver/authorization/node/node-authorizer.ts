// What a node may: the rules of `system:node`, cut to what its own pods need (k8s.io/kubernetes
// plugin/pkg/auth/authorizer/node). Writes are judged further by the admission plugin NodeRestriction,
// which sees what is written. The reasons are those that clients of Kubernetes see.
import type { ObjectStorage } from '../../objects/object-storage.ts'
import type { Attributes, Authorizer, Decision } from '../authorizer.ts'
import { ruleAllows } from '../rules.ts'
import { NODE } from '../system-roles.ts'
import { nodeNameOf } from './node-identity.ts'
import { isRelated, type RelatedKind } from './node-relations.ts'

const LEASES = 'kube-node-lease'
const OF_ONE = ['get', 'create', 'update', 'patch', 'delete']
const READS = ['get', 'list', 'watch']

const ALLOWED: Decision = { allowed: true, reason: '' }
const refused = (reason = ''): Decision => ({ allowed: false, reason })

type Asked = Extract<Attributes, { type: 'resource' }>
interface Question {
  objects: ObjectStorage
  node: string
  asked: Asked
}
type Judge = (question: Question) => Decision

function related({ objects, node, asked }: Question, kind: RelatedKind): Decision {
  const { namespace, name } = asked
  if (!name) return refused('No Object name found')
  if (isRelated(objects, node, kind, { namespace, name })) return ALLOWED
  return refused(`no relationship found between node '${node}' and this object`)
}

const getOnly =
  (kind: RelatedKind): Judge =>
  (question) => {
    const { verb, subresource } = question.asked
    if (verb !== 'get') return refused('can only get individual resources of this type')
    if (subresource !== undefined) return refused('cannot get subresource')
    return related(question, kind)
  }

const readOnly =
  (kind: RelatedKind): Judge =>
  (question) => {
    const { verb, subresource, namespace } = question.asked
    if (!READS.includes(verb)) return refused('can only read resources of this type')
    if (subresource !== undefined) return refused('cannot read subresource')
    if (!namespace) return refused('can only read namespaced object of this type')
    return related(question, kind)
  }

const judgeClaim: Judge = (question) => {
  const { verb, subresource } = question.asked
  if (subresource !== 'status') return getOnly('persistentvolumeclaims')(question)
  if (verb !== 'update' && verb !== 'patch') return refused('can only get/update/patch this type')
  return related(question, 'persistentvolumeclaims')
}

const judgeAccount: Judge = (question) => {
  const { verb, subresource, name } = question.asked
  if (verb === 'get' && subresource === undefined) return related(question, 'serviceaccounts')
  if (verb !== 'create' || !name)
    return refused('can only create tokens for individual service accounts')
  if (subresource !== 'token') return refused('can only create token subresource of serviceaccount')
  return related(question, 'serviceaccounts')
}

const judgeLease: Judge = ({ node, asked: { verb, namespace, name } }) => {
  if (!OF_ONE.includes(verb))
    return refused('can only get, create, update, patch, or delete a node lease')
  if (namespace !== LEASES)
    return refused(`can only access leases in the "${LEASES}" system namespace`)
  // Whose lease is created, admission sees.
  if (verb !== 'create' && name !== node)
    return refused('can only access node lease with the same name as the requesting node')
  return ALLOWED
}

const judgeCsiNode: Judge = ({ node, asked: { verb, subresource, name } }) => {
  if (!OF_ONE.includes(verb))
    return refused('can only get, create, update, patch, or delete a CSINode')
  if (subresource !== undefined) return refused('cannot authorize CSINode subresources')
  if (verb !== 'create' && name !== node)
    return refused('can only access CSINode with the same name as the requesting node')
  return ALLOWED
}

const selects = ({ fieldSelector = [] }: Asked, field: string, value: string): boolean =>
  fieldSelector.some((one) => one.field === field && one.operator === '=' && one.value === value)

const judgeSlice: Judge = (question) => {
  const { node, asked } = question
  if (asked.subresource !== undefined) return refused('cannot authorize ResourceSlice subresources')
  switch (asked.verb) {
    case 'create':
      return ALLOWED
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return related(question, 'resourceslices')
    case 'watch':
    case 'list':
    case 'deletecollection':
      return selects(asked, 'spec.nodeName', node) || selects(asked, 'nodeName', node)
        ? ALLOWED
        : refused(
            'can only list/watch/deletecollection resourceslices with nodeName field selector',
          )
    default:
      return refused(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      )
  }
}

const judgeNode: Judge = ({ node, asked: { verb, subresource, name } }) => {
  const isChange = verb === 'update' || verb === 'patch'
  if (subresource === 'status') return isChange ? ALLOWED : refused()
  if (subresource !== undefined) return refused()
  if (isChange || verb === 'create') return ALLOWED
  if (!READS.includes(verb)) return refused()
  // By name, for it looks at its Node before there is one.
  if (name === node) return ALLOWED
  return refused(
    name
      ? `node '${node}' cannot read '${name}', only its own Node object`
      : `node '${node}' cannot read all nodes, only its own Node object`,
  )
}

const judgePod: Judge = (question) => {
  const { node, asked } = question
  const { verb, subresource, name } = asked
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? ALLOWED : refused()
  if (subresource === 'eviction') return verb === 'create' ? ALLOWED : refused()
  if (subresource !== undefined) return refused()
  if (verb === 'create' || verb === 'delete') return ALLOWED
  if (verb === 'get') return related(question, 'pods')
  if (verb !== 'list' && verb !== 'watch') return refused()
  if (selects(asked, 'spec.nodeName', node)) return ALLOWED
  if (name) return related(question, 'pods')
  return refused('can only list/watch pods with spec.nodeName field selector')
}

/** Resources whose objects are not all the same to a node: "plural.group". */
const JUDGES: Readonly<Record<string, Judge>> = {
  'secrets.': readOnly('secrets'),
  'configmaps.': readOnly('configmaps'),
  'persistentvolumeclaims.': judgeClaim,
  'persistentvolumes.': getOnly('persistentvolumes'),
  'serviceaccounts.': judgeAccount,
  'nodes.': judgeNode,
  'pods.': judgePod,
  'leases.coordination.k8s.io': judgeLease,
  'csinodes.storage.k8s.io': judgeCsiNode,
  'volumeattachments.storage.k8s.io': getOnly('volumeattachments'),
  'resourceclaims.resource.k8s.io': getOnly('resourceclaims'),
  'resourceslices.resource.k8s.io': judgeSlice,
}

export function createNodeAuthorizer(objects: ObjectStorage): Authorizer {
  return {
    authorize(user, attributes) {
      const node = nodeNameOf(user)
      if (node === undefined) return refused()
      if (node === '') return refused(`unknown node for user ${JSON.stringify(user.username)}`)
      const judge =
        attributes.type === 'resource'
          ? JUDGES[`${attributes.resource}.${attributes.group}`]
          : undefined
      if (judge !== undefined && attributes.type === 'resource')
        return judge({ objects, node, asked: attributes })
      return NODE.some((rule) => ruleAllows(rule, attributes)) ? ALLOWED : refused()
    },
    rulesFor: (user) => ({
      resourceRules: [],
      nonResourceRules: [],
      // What a node may depends on its pods: no list says it.
      ...(nodeNameOf(user) === undefined
        ? {}
        : {
            incomplete: true,
            evaluationError: 'node authorizer does not support user rule resolution',
          }),
    }),
  }
}
