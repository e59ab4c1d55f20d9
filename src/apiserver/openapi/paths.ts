// The paths of a resource, with what clients look for: which options a write takes, which kinds of
// patch are accepted, which kind it is about.
import { subresourcesOf } from '../discovery/subresource-entries.ts'
import type { ServedResource } from '../resources.ts'
import { schemaRef } from '../schema/schema.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

interface Parameter {
  name: string
  in: 'query' | 'path'
  required?: true
  schema: { type: string; uniqueItems?: true }
}

const query = (name: string, type = 'string'): Parameter => ({
  name,
  in: 'query',
  schema: { type, uniqueItems: true },
})
const inPath = (name: string): Parameter => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string', uniqueItems: true },
})

const WRITE = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => query(name))
const LIST = [
  query('allowWatchBookmarks', 'boolean'),
  query('continue'),
  query('fieldSelector'),
  query('labelSelector'),
  query('limit', 'integer'),
  query('resourceVersion'),
  query('resourceVersionMatch'),
  query('sendInitialEvents', 'boolean'),
  query('timeoutSeconds', 'integer'),
  query('watch', 'boolean'),
]
const DELETE = [
  query('dryRun'),
  query('gracePeriodSeconds', 'integer'),
  query('orphanDependents', 'boolean'),
  query('propagationPolicy'),
]

const PATCH_TYPES = ['application/json-patch+json', 'application/merge-patch+json']
const STRATEGIC = 'application/strategic-merge-patch+json'

export const listSchemaName = (resource: ServedResource): string => `${resource.schema}List`

export function pathsOf(resource: ServedResource): Record<string, Record<string, unknown>> {
  const { namespaced, plural, group, version } = resource
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`
  const common = [...(namespaced ? [inPath('namespace')] : []), query('pretty')]
  const named = [inPath('name'), ...common]
  const item = `${collection}/{name}`
  const get = operation(resource, 'list', { parameters: LIST, answer: listSchemaName(resource) })
  if (resource.definition.isComputed)
    return {
      [collection]: { parameters: common, get },
      [item]: { parameters: named, get: operation(resource, 'get', {}) },
    }
  const paths: Record<string, Record<string, unknown>> = {
    [collection]: {
      parameters: common,
      get,
      post: operation(resource, 'post', { parameters: WRITE, body: resource.schema }),
      ...(resource.verbs.includes('deletecollection')
        ? { delete: deletion(resource, 'deletecollection') }
        : {}),
    },
    [item]: {
      parameters: named,
      ...itemOperations(resource),
      delete: deletion(resource, 'delete'),
    },
  }
  if (namespaced) paths[`${root}/${plural}`] = { parameters: [query('pretty')], get }
  if (subresourcesOf(resource).some(({ name }) => name === 'status'))
    paths[`${item}/status`] = { parameters: named, ...itemOperations(resource) }
  return paths
}

function itemOperations(resource: ServedResource): Record<string, unknown> {
  return {
    get: operation(resource, 'get', {}),
    put: operation(resource, 'put', { parameters: WRITE, body: resource.schema }),
    patch: operation(resource, 'patch', {
      parameters: [...WRITE, query('force', 'boolean')],
      body: `${META}.Patch`,
      bodyTypes: resource.custom ? PATCH_TYPES : [...PATCH_TYPES, STRATEGIC],
    }),
  }
}

const deletion = (resource: ServedResource, action: string) =>
  operation(resource, action, {
    parameters: DELETE,
    body: `${META}.DeleteOptions`,
    answer: `${META}.Status`,
  })

interface OperationSpec {
  parameters?: readonly Parameter[]
  body?: string
  bodyTypes?: readonly string[]
  answer?: string
}

function operation(
  { group, version, kind, schema, plural }: ServedResource,
  action: string,
  { parameters = [], body, bodyTypes = ['application/json'], answer = schema }: OperationSpec,
) {
  return {
    tags: [group === '' ? `core_${version}` : `${group}_${version}`],
    operationId: `${action}_${group}_${version}_${plural}`.replaceAll(/[^A-Za-z0-9_]/g, '_'),
    parameters,
    ...(body === undefined ? {} : { requestBody: { content: contentOf(bodyTypes, body) } }),
    responses: {
      '200': { description: 'OK', content: contentOf(['application/json'], answer) },
      '401': { description: 'Unauthorized' },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  }
}

function contentOf(types: readonly string[], schema: string) {
  return Object.fromEntries(types.map((type) => [type, { schema: schemaRef(schema) }]))
}
