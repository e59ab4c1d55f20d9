// What the status of a namespace says while it is emptied, in the words of Kubernetes. Pure.
import type { NamespaceCondition } from '#kinds/k8s/core.ts'
import { withCondition } from '#kinds/meta.ts'

/** How far the deletion of a namespace's content has come. */
export interface ContentReport {
  /** Groups whose kinds could not be asked for: "group/version: why". */
  undiscovered: readonly string[]
  /** What went wrong with kinds. */
  failures: readonly string[]
  /** How many objects are left, by resource and group: "pods.", "deployments.apps". */
  remaining: ReadonlyMap<string, number>
  /** On how many of them each finalizer is. */
  finalizers: ReadonlyMap<string, number>
}

interface Rule {
  type: string
  /** When all is well. */
  wellReason: string
  wellMessage: string
  reason: string
  /** Undefined when all is well. */
  messageOf: (report: ContentReport) => string | undefined
}

const counted = (counts: ReadonlyMap<string, number>, word: string): string =>
  [...counts]
    .map(([name, count]) => `${name} ${word} ${count} resource instances`)
    .toSorted()
    .join(', ')

const RULES: readonly Rule[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    wellReason: 'ResourcesDiscovered',
    wellMessage: 'All resources successfully discovered',
    reason: 'DiscoveryFailed',
    messageOf: ({ undiscovered }) =>
      undiscovered.length === 0
        ? undefined
        : `Discovery failed for some groups, ${undiscovered.length} failing: unable to retrieve the complete list of server APIs: ${undiscovered.toSorted().join(', ')}`,
  },
  {
    // Groups and versions are never read from texts here: they are what discovery says they are.
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    wellReason: 'ParsedGroupVersions',
    wellMessage: 'All legacy kube types successfully parsed',
    reason: 'GroupVersionParsingFailed',
    messageOf: () => undefined,
  },
  {
    type: 'NamespaceDeletionContentFailure',
    wellReason: 'ContentDeleted',
    wellMessage: 'All content successfully deleted, may be waiting on finalization',
    reason: 'ContentDeletionFailed',
    messageOf: ({ failures }) =>
      failures.length === 0
        ? undefined
        : `Failed to delete all resource types, ${failures.length} remaining: ${failures.toSorted().join(', ')}`,
  },
  {
    type: 'NamespaceContentRemaining',
    wellReason: 'ContentRemoved',
    wellMessage: 'All content successfully removed',
    reason: 'SomeResourcesRemain',
    messageOf: ({ remaining }) =>
      remaining.size === 0
        ? undefined
        : `Some resources are remaining: ${counted(remaining, 'has')}`,
  },
  {
    type: 'NamespaceFinalizersRemaining',
    wellReason: 'ContentHasNoFinalizers',
    wellMessage: 'All content-preserving finalizers finished',
    reason: 'SomeFinalizersRemain',
    messageOf: ({ finalizers }) =>
      finalizers.size === 0
        ? undefined
        : `Some content in the namespace has finalizers remaining: ${counted(finalizers, 'in')}`,
  },
]

export const isEmptied = ({ undiscovered, failures, remaining }: ContentReport): boolean =>
  undiscovered.length === 0 && failures.length === 0 && remaining.size === 0

export function namespaceConditions(
  old: readonly NamespaceCondition[] | undefined,
  report: ContentReport,
  nowMs: number,
): NamespaceCondition[] {
  let conditions = [...(old ?? [])]
  for (const { type, wellReason, wellMessage, reason, messageOf } of RULES) {
    const message = messageOf(report)
    const condition =
      message === undefined
        ? { type, status: 'False', reason: wellReason, message: wellMessage }
        : { type, status: 'True', reason, message }
    conditions = withCondition<NamespaceCondition>(conditions, condition, nowMs)
  }
  return conditions
}
