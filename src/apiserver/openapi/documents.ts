// The OpenAPI v3 document of one group version.
import type { ResourceRegistry, ServedResource } from '../resources.ts'
import type { Schema } from '../schema/schema.ts'
import { schemaRef } from '../schema/schema.ts'
import { describedSchemas } from './described-schemas.ts'
import { listSchemaName, pathsOf } from './paths.ts'
import { referredSchemas } from './referred-schemas.ts'

export interface GroupVersionDocument {
  openapi: '3.0.0'
  info: { title: string; version: string }
  paths: Record<string, Record<string, unknown>>
  components: { schemas: Record<string, Schema> }
}

export interface DocumentSubject {
  group: string
  version: string
  productVersion: string
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export function groupVersionDocument(
  registry: ResourceRegistry,
  { group, version, productVersion }: DocumentSubject,
): GroupVersionDocument {
  const resources = registry.all().filter((one) => one.group === group && one.version === version)
  const own: Record<string, Schema> = {}
  const paths: GroupVersionDocument['paths'] = {}
  for (const resource of resources) {
    Object.assign(own, schemasOf(resource))
    Object.assign(paths, pathsOf(resource))
  }
  const roots = [
    ...Object.values(own),
    ...[`${META}.DeleteOptions`, `${META}.Patch`, `${META}.Status`].map(schemaRef),
  ]
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: productVersion },
    paths,
    components: { schemas: { ...referredSchemas(describedSchemas(), roots), ...own } },
  }
}

function schemasOf(resource: ServedResource): Record<string, Schema> {
  const { schema, group, version, kind, listKind } = resource
  const list = listSchemaName(resource)
  const own = resource.openApiSchema ?? describedSchemas()[schema]!
  return {
    [schema]: { ...own, 'x-kubernetes-group-version-kind': [{ group, version, kind }] },
    [list]: describedSchemas()[list] ?? {
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: schemaRef(`${META}.ListMeta`),
        items: { type: 'array', items: schemaRef(schema) },
      },
      'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
    },
  }
}
