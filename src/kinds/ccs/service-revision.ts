// A ServiceRevision: what a ContainerService ran from some time on, never changed afterwards. Rolling back
// writes one of them over the service's spec.
import type { KubeObject } from '#kinds/object.ts'
import { type ContainerServiceSpec, serviceDefaults } from './container-service.ts'
import { ccsRef } from './group.ts'

/** Fields of a service that make its instances what they are; the rest is where and how many. */
export const TEMPLATE_FIELDS = [
  'ports',
  'env',
  'command',
  'args',
  'resources',
  'readiness',
  'drainSeconds',
  'spread',
] as const satisfies readonly (keyof ContainerServiceSpec)[]

export type ServiceTemplate = Pick<ContainerServiceSpec, (typeof TEMPLATE_FIELDS)[number]>

export interface ServiceRevisionSpec {
  /** Name of the ContainerService. */
  service: string
  /** Counts from 1. */
  revision: number
  /** As the user wrote it. */
  image: string
  /** Full name of what runs, with the digest where it is known. */
  resolvedImage: string
  template: ServiceTemplate
  /** What differs from the revision before, in a few words each. */
  changes?: string[]
  /** Why, in the user's words (kubernetes.io/change-cause when it was set for this change). */
  cause?: string
  changedBy?: string
}

export interface ServiceRevision extends KubeObject {
  spec: ServiceRevisionSpec
}

export const serviceRevisions = ccsRef<ServiceRevision>('ServiceRevision', 'servicerevisions', true)

/** Unique: the number is what stands after the last hyphen. */
export const revisionName = (service: string, revision: number): string => `${service}-${revision}`

/** Label by which the revisions of a service are found. */
export const REVISION_OF = 'ccs.dev/service'

/** The part of a spec that a revision keeps, with defaults filled in and without empty fields. */
export function templateOf(spec: ContainerServiceSpec): ServiceTemplate {
  const { drainSeconds, spread } = serviceDefaults
  const full: ContainerServiceSpec = { ...spec }
  full.drainSeconds ??= drainSeconds
  full.spread ??= spread
  const entries = TEMPLATE_FIELDS.map((field) => [field, full[field]] as const).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  )
  return structuredClone(Object.fromEntries(entries))
}

/** As a merge patch: fields that the revision has not are taken away. */
export function templatePatch(template: ServiceTemplate): Record<string, unknown> {
  return Object.fromEntries(TEMPLATE_FIELDS.map((field) => [field, template[field] ?? null]))
}
