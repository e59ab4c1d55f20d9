// What differs between two specs of a ContainerService, field by field, for people.
import type { ContainerServiceSpec, ServicePort } from './container-service.ts'
import { shortImage } from './image-name.ts'

export interface SpecChange {
  /** "image", "env COLOR", "port 80/TCP", "resources.limits.memory" */
  field: string
  /** Undefined: not set. */
  from: string | undefined
  to: string | undefined
}

type Spec = Partial<ContainerServiceSpec>

const LISTS: Readonly<Record<string, (spec: Spec) => Map<string, string>>> = {
  env: (spec) => new Map((spec.env ?? []).map(({ name, value }) => [`env ${name}`, value ?? ''])),
  ports: (spec) => new Map((spec.ports ?? []).map((port) => [portKey(port), portText(port)])),
}

const portKey = ({ port, protocol = 'TCP' }: ServicePort) => `port ${port}/${protocol}`
const portText = ({ port, targetPort = port, name }: ServicePort) =>
  `${name ? `${name} ` : ''}to ${targetPort} of the container`

/** Every leaf of an object by its path; lists are leaves. */
function leavesOf(value: unknown, path: string, into: Map<string, string>): Map<string, string> {
  if (value === undefined || value === null) return into
  if (typeof value === 'string') return into.set(path, value)
  if (typeof value !== 'object') return into.set(path, JSON.stringify(value))
  if (Array.isArray(value)) return value.length === 0 ? into : into.set(path, JSON.stringify(value))
  for (const [key, item] of Object.entries(value)) leavesOf(item, `${path}.${key}`, into)
  return into
}

export function specChanges(before: Spec, after: Spec): SpecChange[] {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<
    keyof ContainerServiceSpec
  >
  return [...fields].flatMap((field) => {
    const read = LISTS[field] ?? ((spec: Spec) => leavesOf(spec[field], field, new Map()))
    const [from, to] = [read(before), read(after)]
    return [...new Set([...from.keys(), ...to.keys()])]
      .filter((key) => from.get(key) !== to.get(key))
      .map((key) => ({ field: key, from: from.get(key), to: to.get(key) }))
  })
}

/** In a few words, without values that may be long or nobody's business. */
export function summarize({ field, from, to }: SpecChange): string {
  if (field === 'image') return `image ${shortImage(from ?? '')} -> ${shortImage(to ?? '')}`
  if (from === undefined) return `${field} added`
  if (to === undefined) return `${field} removed`
  return field.startsWith('env ') || to.length > 20
    ? `${field} changed`
    : `${field} ${from} -> ${to}`
}
