import type { Condition } from '#kinds/k8s/meta.ts'

export interface ConditionText {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason: string
  message: string
}

/** The conditions with this one set; its time changes only with its status. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  text: ConditionText,
  now: string,
): Condition[] {
  const before = conditions?.find(({ type }) => type === text.type)
  const lastTransitionTime = before?.status === text.status ? before.lastTransitionTime : now
  const others = (conditions ?? []).filter(({ type }) => type !== text.type)
  return [...others, { ...text, lastTransitionTime }]
}

export const isConditionTrue = (
  conditions: readonly Condition[] | undefined,
  type: string,
): boolean => conditions?.some((each) => each.type === type && each.status === 'True') ?? false
