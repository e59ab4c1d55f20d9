// Taints of nodes and the tolerations of pods.
import type { Taint, Toleration } from '#kinds/k8s/core.ts'

const INTEGER = /^-?\d+$/

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  const [wanted, value] = [toleration.value ?? '', taint.value ?? '']
  switch (toleration.operator ?? 'Equal') {
    case 'Exists':
      return true
    case 'Equal':
      // A toleration without a key is only valid with Exists.
      return Boolean(toleration.key) && wanted === value
    case 'Gt':
      return areIntegers(wanted, value) && BigInt(value) > BigInt(wanted)
    case 'Lt':
      return areIntegers(wanted, value) && BigInt(value) < BigInt(wanted)
  }
}

const areIntegers = (a: string, b: string): boolean => INTEGER.test(a) && INTEGER.test(b)

export function isTolerated(taint: Taint, tolerations: readonly Toleration[] = []): boolean {
  return tolerations.some((toleration) => tolerates(toleration, taint))
}

/** The first taint that keeps a pod with these tolerations from being placed on the node. */
export function untoleratedTaint(
  taints: readonly Taint[] = [],
  tolerations: readonly Toleration[] = [],
): Taint | undefined {
  return taints.find(
    (taint) => taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, tolerations),
  )
}
