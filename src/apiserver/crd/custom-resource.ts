// Serves what a CustomResourceDefinition defines, version by version.
import type { KindDefinition, Subresource } from '#kinds/definition.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '#kinds/k8s/apiextensions.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { Verb } from '../request-info.ts'
import type { ResourceForm, ScalePaths, ServedResource } from '../resources.ts'
import { prefixFor } from '../resources.ts'
import { builtinSchemas } from '../schema/builtin-schemas.ts'
import type { Decoded } from '../schema/decode.ts'
import { decodeBySchema } from '../schema/decode.ts'
import type { Schema } from '../schema/schema.ts'
import { schemaRef } from '../schema/schema.ts'
import { compileJsonPath } from './json-path.ts'
import { printerColumns } from './printer-columns.ts'
import type { Structural } from './structural-schema.ts'
import { applyDefaults, prune } from './structural-schema.ts'
import { customValidation } from './validate-custom.ts'

const VERBS: readonly Verb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
]

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** Metadata is read as that of built-in kinds. */
const METADATA_ONLY = {
  ...builtinSchemas,
  Object: { type: 'object', properties: { metadata: schemaRef(OBJECT_META) } },
}

export function customResources(crd: CustomResourceDefinition): ServedResource[] {
  const isTerminating = crd.metadata.deletionTimestamp !== undefined
  return crd.spec.versions
    .filter(({ served }) => served)
    .map((version) => {
      const resource = customResource(crd, version)
      // Nothing new while all that there is goes away.
      return isTerminating
        ? { ...resource, verbs: VERBS.filter((verb) => verb !== 'create') }
        : resource
    })
}

function customResource(
  { spec }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): ServedResource {
  const { group, names } = spec
  const schema = version.schema?.openAPIV3Schema ?? {}
  const { kind, plural } = names
  const apiVersion = `${group}/${version.name}`
  const storage = spec.versions.find((one) => one.storage)!
  const scale = scalePaths(version)
  return {
    definition: definitionOf(spec, version, schema),
    group,
    version: version.name,
    kind,
    listKind: names.listKind ?? `${kind}List`,
    plural,
    namespaced: spec.scope === 'Namespaced',
    apiVersion,
    prefix: prefixFor(group, plural),
    schema: `${group.split('.').toReversed().join('.')}.${version.name}.${kind}`,
    custom: true,
    verbs: VERBS,
    openApiSchema: openApiOf(schema),
    decode: (value) => decode(schema, value),
    ...(storage.name === version.name
      ? {}
      : { form: formOf(apiVersion, `${group}/${storage.name}`) }),
    ...(scale === undefined ? {} : { scale }),
  }
}

/** Versions without conversion differ in nothing but their name. */
const formOf = (shownAs: string, storedAs: string): ResourceForm => ({
  fromStored: (object) => ({ ...object, apiVersion: shownAs }),
  toStored: (object) => ({ ...object, apiVersion: storedAs }),
})

function definitionOf(
  { group, names, scope }: CustomResourceDefinition['spec'],
  version: CustomResourceDefinitionVersion,
  schema: Structural,
): KindDefinition {
  const { kind, plural } = names
  const namespaced = scope === 'Namespaced'
  const nameRule = 'dns-subdomain'
  return {
    ref: { group, version: version.name, kind, plural, namespaced },
    singular: names.singular ?? kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    schema: '',
    subresources: subresourcesOf(version),
    defaults: (object) => applyDefaults(schema, object),
    validate: customValidation(schema, { namespaced, nameRule }),
    hasGeneration: true,
    columns: printerColumns(version.additionalPrinterColumns ?? []),
    fields: selectableFields(version),
    nameRule,
  }
}

function subresourcesOf({ subresources }: CustomResourceDefinitionVersion): Subresource[] {
  return [
    ...(subresources?.status === undefined ? [] : (['status'] as const)),
    ...(subresources?.scale === undefined ? [] : (['scale'] as const)),
  ]
}

function scalePaths({ subresources }: CustomResourceDefinitionVersion): ScalePaths | undefined {
  const scale = subresources?.scale
  if (scale === undefined) return undefined
  const split = (path: string) => path.split('.').filter((part) => part !== '')
  return {
    specReplicas: split(scale.specReplicasPath),
    statusReplicas: split(scale.statusReplicasPath),
    labelSelector:
      scale.labelSelectorPath === undefined ? undefined : split(scale.labelSelectorPath),
  }
}

function selectableFields(
  version: CustomResourceDefinitionVersion,
): Record<string, (object: KubeObject) => string> {
  const entries = (version.selectableFields ?? []).map(({ jsonPath }) => {
    const read = compileJsonPath(jsonPath)
    const text = (object: KubeObject) => {
      const value = read?.(object)[0]
      return value === undefined ? '' : String(value as string | number | boolean)
    }
    return [jsonPath.replace(/^\./, ''), text] as const
  })
  return Object.fromEntries(entries)
}

function decode(schema: Structural, value: Record<string, unknown>): Decoded {
  const { apiVersion, kind, metadata, ...rest } = value
  const unknown: string[] = []
  const pruned = prune(schema, rest, '', unknown) as Record<string, unknown>
  const meta = decodeBySchema(METADATA_ONLY, 'Object', { metadata: metadata ?? {} })
  return {
    value: { apiVersion, kind, ...meta.value, ...pruned },
    unknown: [...meta.unknown, ...unknown],
  }
}

function openApiOf(schema: Structural): Schema {
  return {
    ...(schema as Schema),
    properties: {
      ...(schema as Schema).properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { allOf: [schemaRef(OBJECT_META)] },
    },
  }
}
