// Serves what a CustomResourceDefinition defines, version by version.
import type { KindDefinition, Subresource } from '#kinds/definition.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '#kinds/k8s/apiextensions.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { Verb } from '../request-info.ts'
import type { Conversion, ResourceForm, ScalePaths, ServedResource } from '../resources.ts'
import { prefixFor } from '../resources.ts'
import type { Decoded } from '../schema/decode.ts'
import type { Schema } from '../schema/schema.ts'
import { schemaRef } from '../schema/schema.ts'
import { decodeMetadata, OBJECT_META } from './custom-metadata.ts'
import { compileJsonPath } from './json-path.ts'
import { printerColumns } from './printer-columns.ts'
import type { Structural } from './structural-schema.ts'
import { applyDefaults, hasDefaults, prune, withDefaults } from './structural-schema.ts'
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

/** `convert` where a webhook converts between versions. */
export function customResources(
  crd: CustomResourceDefinition,
  convert?: Conversion['convert'],
): ServedResource[] {
  const isTerminating = crd.metadata.deletionTimestamp !== undefined
  return crd.spec.versions
    .filter(({ served }) => served)
    .map((version) => {
      const resource = customResource(crd, version, convert)
      // Nothing new while all that there is goes away.
      return isTerminating
        ? { ...resource, verbs: VERBS.filter((verb) => verb !== 'create') }
        : resource
    })
}

/** The version that objects are stored in, whether it is served or not. */
export const storedResource = (crd: CustomResourceDefinition): ServedResource =>
  customResource(
    crd,
    crd.spec.versions.find(({ storage }) => storage)!,
    undefined,
  )

function customResource(
  { spec }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  convert: Conversion['convert'] | undefined,
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
    ...stored(spec, { schema, apiVersion, storedAs: `${group}/${storage.name}` }, convert),
    ...(scale === undefined ? {} : { scale }),
  }
}

interface StoredVersions {
  schema: Structural
  apiVersion: string
  storedAs: string
}

/** How what is stored comes to be shown in this version. Objects keep the version they were stored in. */
function stored(
  { versions }: CustomResourceDefinition['spec'],
  { schema, apiVersion, storedAs }: StoredVersions,
  convert: Conversion['convert'] | undefined,
): Pick<ServedResource, 'form' | 'conversion'> {
  if (convert !== undefined)
    return { conversion: { storedAs, convert, complete: complete.bind(undefined, schema) } }
  if (versions.length === 1 && !hasDefaults(schema)) return {}
  return { form: formOf(schema, apiVersion, storedAs) }
}

function complete(schema: Structural, converted: KubeObject, original: KubeObject): KubeObject {
  if (converted === original) return withDefaults(schema, converted) as KubeObject
  const { value } = decode(schema, converted as unknown as Record<string, unknown>)
  return withDefaults(schema, value) as KubeObject
}

/**
 * Versions without conversion differ in nothing but their name. What was stored before a default came
 * shows it all the same.
 */
const formOf = (schema: Structural, shownAs: string, storedAs: string): ResourceForm => ({
  fromStored(object) {
    const whole = withDefaults(schema, object) as KubeObject
    return whole.apiVersion === shownAs ? whole : { ...whole, apiVersion: shownAs }
  },
  toStored: (object) =>
    object.apiVersion === storedAs ? object : { ...object, apiVersion: storedAs },
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
    ...deprecationOf(group, version, kind),
  }
}

function deprecationOf(
  group: string,
  { name, deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
  kind: string,
): { deprecation?: string } {
  if (deprecated !== true) return {}
  return { deprecation: deprecationWarning ?? `${group}/${name} ${kind} is deprecated` }
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
  // Unknown fields of the metadata are told first.
  const unknownMeta: string[] = []
  const meta = decodeMetadata(metadata, '', unknownMeta)
  return {
    value: { apiVersion, kind, metadata: meta, ...pruned },
    unknown: [...unknownMeta, ...unknown],
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
