// Tells whether two pod templates are the same, and names one by a short hash.
import type { PodTemplateSpec } from '#kinds/k8s/core.ts'
import { shortHash } from './short-hash.ts'

export const HASH_LABEL = 'pod-template-hash'

/** JSON with sorted keys, in which absent, undefined and empty lists are the same. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined && !(Array.isArray(field) && field.length === 0))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`)
  return `{${fields.join(',')}}`
}

function canonicalTemplate({ metadata, spec }: PodTemplateSpec): string {
  const { [HASH_LABEL]: _hash, ...labels } = metadata?.labels ?? {}
  const annotations = metadata?.annotations ?? {}
  return canonical({ labels, annotations, finalizers: metadata?.finalizers, spec })
}

/** Whether pods of both would be the same, whatever hash a template is labelled with. */
export function isSameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return canonicalTemplate(a) === canonicalTemplate(b)
}

/** `collisions` makes another name when the first is taken by a different template. */
export function podTemplateHash(template: PodTemplateSpec, collisions = 0): string {
  return shortHash(`${canonicalTemplate(template)}#${collisions}`)
}
