// What a default role or binding must become so that it gives at least what it should. Pure. Rights are
// added and never taken, but for those that a binding had from us and should not have any more: an
// administrator may have added to them. The annotation autoupdate=false leaves an object alone.
import type { ClusterRole } from '#kinds/k8s/rbac.ts'
import { AUTO_UPDATE, type RbacBinding, type RbacRole } from './bootstrap-roles.ts'
import { covers } from './rule-cover.ts'

/** The object to store instead of `stored`; undefined when nothing is missing. */
export function reconciledRole(stored: RbacRole, wanted: RbacRole): RbacRole | undefined {
  if (!isKept(stored)) return undefined
  const rules = stored.rules ?? []
  const isAggregated = (wanted as ClusterRole).aggregationRule !== undefined
  // The rules of an aggregated role are its controller's.
  const missing = isAggregated ? [] : (wanted.rules ?? []).filter((rule) => !covers(rules, rule))
  const aggregationRule = missingSelectors(stored, wanted)
  const metadata = reconciledMetadata(stored, wanted)
  if (missing.length === 0 && metadata === undefined && aggregationRule === undefined)
    return undefined
  return {
    ...stored,
    ...(metadata === undefined ? {} : { metadata }),
    ...(aggregationRule === undefined ? {} : { aggregationRule }),
    rules: [...rules, ...missing],
  }
}

/** Undefined when nothing is missing; "replace" where it binds another role, which no update can change. */
export function reconciledBinding(
  stored: RbacBinding,
  wanted: RbacBinding,
): RbacBinding | 'replace' | undefined {
  if (!isKept(stored)) return undefined
  if (!sameJson(roleOf(stored), roleOf(wanted))) return 'replace'
  const before = stored.subjects ?? []
  const subjects = before.filter((one) => WITHDRAWN[stored.metadata.name] !== subjectId(one))
  const missing = (wanted.subjects ?? []).filter(
    (one) => !subjects.some((other) => subjectId(other) === subjectId(one)),
  )
  const metadata = reconciledMetadata(stored, wanted)
  const isSame = missing.length === 0 && subjects.length === before.length
  if (isSame && metadata === undefined) return undefined
  return {
    ...stored,
    ...(metadata === undefined ? {} : { metadata }),
    subjects: [...subjects, ...missing],
  }
}

/** Before there was a node authorizer, nodes could read every Secret. */
const WITHDRAWN: Readonly<Record<string, string>> = { 'system:node': 'Group//system:nodes' }

const isKept = ({ metadata }: RbacRole | RbacBinding): boolean =>
  metadata.annotations?.[AUTO_UPDATE] !== 'false'

const roleOf = ({ roleRef }: RbacBinding) => [roleRef.kind, roleRef.name]
const sameJson = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

const subjectId = ({
  kind,
  name,
  namespace,
}: {
  kind: string
  name: string
  namespace?: string | undefined
}) => `${kind}/${namespace ?? ''}/${name}`

function missingSelectors(stored: RbacRole, wanted: RbacRole): ClusterRole['aggregationRule'] {
  const wantedSelectors = (wanted as ClusterRole).aggregationRule?.clusterRoleSelectors ?? []
  const selectors = (stored as ClusterRole).aggregationRule?.clusterRoleSelectors ?? []
  const missing = wantedSelectors.filter((one) => !selectors.some((other) => sameJson(one, other)))
  return missing.length === 0 ? undefined : { clusterRoleSelectors: [...selectors, ...missing] }
}

/** With every label and annotation that is wanted; values that stand there otherwise are kept. */
function reconciledMetadata<T extends RbacRole | RbacBinding>(
  stored: T,
  wanted: T,
): T['metadata'] | undefined {
  const { labels = {}, annotations = {} } = stored.metadata
  const lacks = (have: Record<string, string>, all: Record<string, string> = {}) =>
    Object.keys(all).some((key) => have[key] === undefined)
  if (!lacks(labels, wanted.metadata.labels) && !lacks(annotations, wanted.metadata.annotations))
    return undefined
  return {
    ...stored.metadata,
    labels: { ...wanted.metadata.labels, ...labels },
    annotations: { ...wanted.metadata.annotations, ...annotations },
  }
}
