// What is served: every kind with its place in the API, built in or defined by a custom resource.
import type { KindDefinition } from '#kinds/definition.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { Schema } from './schema/schema.ts'
import type { Decoded } from './schema/decode.ts'
import type { Verb } from './request-info.ts'

export interface ServedResource {
  definition: KindDefinition
  group: string
  version: string
  kind: string
  listKind: string
  plural: string
  namespaced: boolean
  apiVersion: string
  /** Keys of its objects start so; the same for all versions. */
  prefix: string
  /** How objects of this form differ from what is stored; absent where they do not. */
  form?: ResourceForm
  /** Of a kind whose versions a webhook converts: objects are stored in other versions than this one. */
  conversion?: Conversion
  /** Name of its OpenAPI schema. */
  schema: string
  /** Defined by a CustomResourceDefinition. */
  custom: boolean
  /** Order as Kubernetes lists it in discovery. */
  verbs: readonly Verb[]
  /** Copies and prunes a body; throws DecodeError. */
  decode(value: Record<string, unknown>): Decoded
  /** Where a custom kind keeps what `scale` shows. */
  scale?: ScalePaths
  /** The schema itself, of a custom kind; built-in ones are in the published set. */
  openApiSchema?: Schema
}

export interface ResourceForm {
  fromStored(object: KubeObject): KubeObject
  toStored(object: KubeObject): KubeObject
}

export interface Conversion {
  /** The apiVersion in which objects are stored from now on. */
  storedAs: string
  /** Each in the version wanted; those that have it already as they are. Throws a StatusError. */
  convert(objects: readonly KubeObject[], apiVersion: string): Promise<KubeObject[]>
  /** What `original` was converted to, as it is shown: with its defaults and, if it changed, pruned. */
  complete(converted: KubeObject, original: KubeObject): KubeObject
}

export interface ScalePaths {
  specReplicas: readonly string[]
  statusReplicas: readonly string[]
  labelSelector: readonly string[] | undefined
}

/** Kinds that are asked, not stored: TokenReview and the like. */
export interface ReviewResource {
  group: string
  version: string
  kind: string
  plural: string
  singular: string
  namespaced: boolean
}

export const resourceName = ({ group, plural }: ServedResource) => ({ group, resource: plural })

export function keyFor(
  resource: Pick<ServedResource, 'prefix'>,
  namespace: string | undefined,
  name: string,
): string {
  return namespace === undefined
    ? `${resource.prefix}${name}`
    : `${resource.prefix}${namespace}/${name}`
}

export const prefixFor = (group: string, plural: string): string =>
  `/${group === '' ? 'core' : group}/${plural}/`

export interface ResourceRegistry {
  find(group: string, version: string, plural: string): ServedResource | undefined
  findKind(group: string, kind: string): ServedResource | undefined
  review(group: string, version: string, plural: string): ReviewResource | undefined
  all(): readonly ServedResource[]
  reviews(): readonly ReviewResource[]
  hasGroup(group: string): boolean
  hasVersion(group: string, version: string): boolean
  /** Changes whenever what is served changes: the key of caches built from it. */
  readonly generation: number
  /** Serves these instead of all earlier custom resources. */
  setCustom(resources: readonly ServedResource[]): void
  /** Calls back after each such change. Gives what ends that. */
  onChange(listener: () => void): () => void
}

const idOf = (group: string, version: string, plural: string) => `${group}/${version}/${plural}`

export function createResourceRegistry(
  builtin: readonly ServedResource[],
  reviews: readonly ReviewResource[],
): ResourceRegistry {
  let all: readonly ServedResource[] = builtin
  let byId = index(all)
  let generation = 1
  const listeners = new Set<() => void>()
  const reviewsById = new Map(reviews.map((r) => [idOf(r.group, r.version, r.plural), r]))

  return {
    find: (group, version, plural) => byId.get(idOf(group, version, plural)),
    findKind: (group, kind) => all.find((one) => one.group === group && one.kind === kind),
    review: (group, version, plural) => reviewsById.get(idOf(group, version, plural)),
    all: () => all,
    reviews: () => reviews,
    hasGroup: (group) => [...all, ...reviews].some((one) => one.group === group),
    hasVersion: (group, version) =>
      [...all, ...reviews].some((one) => one.group === group && one.version === version),
    get generation() {
      return generation
    },
    setCustom(resources) {
      all = [...builtin, ...resources]
      byId = index(all)
      generation++
      for (const listener of listeners) listener()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function index(resources: readonly ServedResource[]): Map<string, ServedResource> {
  return new Map(resources.map((one) => [idOf(one.group, one.version, one.plural), one]))
}

/** The object as this resource shows it. */
export function shown(resource: ServedResource, object: KubeObject): KubeObject {
  return resource.form === undefined ? object : resource.form.fromStored(object)
}
