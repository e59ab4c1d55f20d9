// An object in one of the versions it is served in, as the fields that can be managed.
import type { KubeObject } from '#kinds/object.ts'
import type { ResourceRegistry, ServedResource } from '../resources.ts'
import { shown } from '../resources.ts'
import { builtinSchemas } from '../schema/builtin-schemas.ts'
import type { FieldTree } from './field-tree.ts'
import { LEAF } from './field-tree.ts'
import { type ValueType, ValueTypes } from './value-type.ts'

/** What the server writes and nobody manages. */
const SERVERS_OWN: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
])

const builtinTypes = new ValueTypes(builtinSchemas)

export function typeOf(resource: ServedResource): ValueType {
  return builtinTypes.of(resource.openApiSchema ?? builtinSchemas[resource.schema]!)
}

/** Without kind, version and what only the server writes. */
export function manageable(object: object): Record<string, unknown> {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object as KubeObject
  const own = Object.entries(metadata ?? {}).filter(([key]) => !SERVERS_OWN.has(key))
  return own.length === 0 ? rest : { ...rest, metadata: Object.fromEntries(own) }
}

/** The same kind in another version; undefined when it is not served in that any more. */
export function inVersion(
  resources: ResourceRegistry,
  resource: ServedResource,
  apiVersion: string,
): ServedResource | undefined {
  if (resource.apiVersion === apiVersion) return resource
  return resources
    .all()
    .find((one) => one.apiVersion === apiVersion && one.prefix === resource.prefix)
}

export const manageableIn = (resource: ServedResource, stored: KubeObject) =>
  manageable(shown(resource, stored))

/** Top-level fields that a write through this subresource leaves as they are: nobody owns them by it. */
export function ignoredFields(
  { custom, definition }: ServedResource,
  subresource: string | undefined,
): FieldTree | undefined {
  if (subresource === 'status')
    return custom ? { 'f:spec': LEAF, 'f:metadata': LEAF } : { 'f:spec': LEAF }
  if (subresource === undefined && definition.subresources.includes('status'))
    return { 'f:status': LEAF }
  return undefined
}
