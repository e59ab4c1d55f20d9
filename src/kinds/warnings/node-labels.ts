// Labels of nodes that have newer names: pkg/api/node of k8s.io/kubernetes.
import type { NodeSelectorTerm } from '../k8s/core.ts'
import type { LabelSelector } from '../k8s/meta.ts'
import { checkLabelValue } from '../names.ts'

const DEPRECATED: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region':
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone':
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type':
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods':
    'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
}

/** What to use instead of the label; nothing of one that is not deprecated. */
export const deprecatedLabel = (key: string): string[] =>
  Object.hasOwn(DEPRECATED, key) ? [DEPRECATED[key] ?? ''] : []

/** Of each deprecated key of `labels`, in order of keys; `at` is the path that leads to it. */
export const labelWarnings = (
  labels: Readonly<Record<string, string>> | undefined,
  at: (key: string) => string,
): string[] =>
  Object.keys(labels ?? {})
    .toSorted()
    .flatMap((key) => deprecatedLabel(key).map((why) => `${at(key)}: ${why}`))

const keyWarnings = (expressions: readonly { key: string }[] | undefined, field: string) =>
  (expressions ?? []).flatMap(({ key }, index) =>
    deprecatedLabel(key).map((why) => `${field}.matchExpressions[${index}].key: ${key} is ${why}`),
  )

/** With `checksValues`, values that no label can have are told of too. */
export function nodeTermWarnings(
  { matchExpressions = [] }: NodeSelectorTerm,
  field: string,
  { checksValues }: { checksValues: boolean },
): string[] {
  const keys = keyWarnings(matchExpressions, field)
  if (!checksValues) return keys
  const wrong = matchExpressions.flatMap(({ values = [] }, index) =>
    values.flatMap((value, at) =>
      checkLabelValue(value).map(
        (why) => `${field}.matchExpressions[${index}].values[${at}]: ${value} is invalid, ${why}`,
      ),
    ),
  )
  return [...keys, ...wrong]
}

export function nodeSelectorWarnings(selector: LabelSelector | undefined, field: string): string[] {
  return [
    ...keyWarnings(selector?.matchExpressions, field),
    ...labelWarnings(selector?.matchLabels, (key) => `${field}.matchLabels.${key}`),
  ]
}
