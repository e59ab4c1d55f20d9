import type { Node } from './k8s/core.ts'
import type { FieldError } from './definition.ts'
import { ageColumn, column, nameColumn, wideColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { conditionOf } from './meta.ts'
import { keepField, prepareStatus } from './prepare.ts'
import { canonicalizeQuantities } from './quantity.ts'
import { nodes } from './refs.ts'
import { deepEqual } from './validate/equal.ts'
import { forbidden } from './validate/field-error.ts'
import { validateTaints } from './validate/tolerations.ts'

export type { Node } from './k8s/core.ts'

const ROLE_PREFIX = 'node-role.kubernetes.io/'
const ROLE_LABEL = 'kubernetes.io/role'
const UNKNOWN = '<unknown>'

const statusRules = prepareStatus<Node>({ initial: ({ status }) => status ?? {} })

function statusCell({ spec, status }: Node): string {
  const ready = conditionOf(status?.conditions, 'Ready')
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (spec.unschedulable) words.push('SchedulingDisabled')
  return words.join(',')
}

function rolesCell({ metadata }: Node): string {
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length)
      return [key.slice(ROLE_PREFIX.length)]
    return key === ROLE_LABEL && value !== '' ? [value] : []
  })
  return [...new Set(roles)].toSorted().join(',') || '<none>'
}

const addressCell = ({ status }: Node, type: string): string =>
  status?.addresses?.find((address) => address.type === type)?.address ?? '<none>'

function kernelCell({ status }: Node): string {
  const { kernelVersion, architecture } = status?.nodeInfo ?? {}
  if (!kernelVersion) return UNKNOWN
  return architecture ? `${kernelVersion} (${architecture})` : kernelVersion
}

function validateUpdate({ spec }: Node, old: Node): FieldError[] {
  const errors: FieldError[] = []
  // A pod range once given is routed: it can be set, not changed.
  if (old.spec.podCIDRs?.length && !deepEqual(spec.podCIDRs, old.spec.podCIDRs))
    errors.push(
      forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'),
    )
  if (old.spec.providerID && spec.providerID !== old.spec.providerID)
    errors.push(
      forbidden(
        'spec.providerID',
        'node updates may not change providerID except from "" to valid',
      ),
    )
  return errors
}

export const nodeKind = defineKind<Node>({
  ref: nodes,
  schema: 'io.k8s.api.core.v1.Node',
  shortNames: ['no'],
  subresources: ['status', 'proxy'],
  defaults(node) {
    const spec = (node.spec ??= {})
    // `podCIDR` is the first of `podCIDRs`.
    if (spec.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR]
    else if (spec.podCIDRs?.[0] !== undefined) spec.podCIDR = spec.podCIDRs[0]
    canonicalizeQuantities(node.status?.capacity)
    canonicalizeQuantities(node.status?.allocatable)
  },
  validate: (node, old) => [
    ...validateTaints(node.spec.taints ?? [], 'spec.taints'),
    ...(old === undefined ? [] : validateUpdate(node, old)),
  ],
  prepare(node, old, subresource) {
    statusRules(node, old, subresource)
    if (subresource !== 'status' && old?.spec.podCIDRs?.length && !node.spec.podCIDRs?.length) {
      keepField(node.spec, old.spec, 'podCIDR')
      keepField(node.spec, old.spec, 'podCIDRs')
    }
  },
  columns: [
    nameColumn,
    column('Status', 'Whether the node takes pods.', statusCell),
    column('Roles', 'Roles by label.', rolesCell),
    ageColumn,
    column(
      'Version',
      'Version of the node agent.',
      ({ status }) => status?.nodeInfo?.kubeletVersion ?? '',
    ),
    wideColumn('Internal-IP', 'Address inside the cluster.', (node) =>
      addressCell(node, 'InternalIP'),
    ),
    wideColumn('External-IP', 'Address outside the cluster.', (node) =>
      addressCell(node, 'ExternalIP'),
    ),
    wideColumn(
      'OS-Image',
      'Operating system.',
      ({ status }) => status?.nodeInfo?.osImage || UNKNOWN,
    ),
    wideColumn('Kernel-Version', 'Kernel and architecture.', kernelCell),
    wideColumn(
      'Container-Runtime',
      'Runtime and its version.',
      ({ status }) => status?.nodeInfo?.containerRuntimeVersion || UNKNOWN,
    ),
  ],
  fields: { 'spec.unschedulable': ({ spec }) => String(spec.unschedulable ?? false) },
})
