// Nodes: each writes its own, and not what workloads are steered by: taints, and labels kept from nodes.
import type { Node } from '#kinds/k8s/core.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { Judge } from './node-write.ts'

/** Labels of Kubernetes' own domains that a node may set, in full or by their domain. */
const NODE_LABELS: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
])
const NODE_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io']
const KUBERNETES_DOMAINS = ['kubernetes.io', 'k8s.io']
const KEPT_DOMAIN = 'node-restriction.kubernetes.io'

const isIn = (domain: string, wanted: string): boolean =>
  domain === wanted || domain.endsWith(`.${wanted}`)

export function isKeptLabel(label: string): boolean {
  const slash = label.indexOf('/')
  const domain = slash < 0 ? '' : label.slice(0, slash)
  if (isIn(domain, KEPT_DOMAIN)) return true
  if (!KUBERNETES_DOMAINS.some((wanted) => isIn(domain, wanted))) return false
  return !NODE_LABELS.has(label) && !NODE_DOMAINS.some((wanted) => isIn(domain, wanted))
}

type Labels = Readonly<Record<string, string>>

function keptAmongChanged(before: Labels, after: Labels): string {
  return Object.keys({ ...before, ...after })
    .filter((label) => before[label] !== after[label] && isKeptLabel(label))
    .toSorted()
    .join(', ')
}

export const judgeNode: Judge = ({ request, node }) => {
  const { operation, name } = request
  if (name !== node)
    return `node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(name)}`
  if (operation === 'DELETE') return undefined
  const after = request.object as Node
  const who = `node ${JSON.stringify(node)} is not allowed to`
  if (operation === 'CREATE') {
    const labels = keptAmongChanged({}, after.metadata.labels ?? {})
    if (after.spec?.configSource !== undefined)
      return `${who} create pods with a non-nil configSource`
    return labels === '' ? undefined : `${who} set the following labels: ${labels}`
  }
  const before = request.old as Node
  const isSame = (of: (one: Node) => unknown) => deepEqual(of(before), of(after))
  if (after.spec?.configSource !== undefined && !isSame(({ spec }) => spec?.configSource))
    return `${who} update configSource to a new non-nil configSource`
  if (!isSame(({ spec }) => spec?.taints ?? [])) return `${who} modify taints`
  if (!isSame(({ metadata }) => metadata.ownerReferences ?? []))
    return `${who} modify OwnerReferences`
  const labels = keptAmongChanged(before.metadata.labels ?? {}, after.metadata.labels ?? {})
  return labels === '' ? undefined : `is not allowed to modify labels: ${labels}`
}
