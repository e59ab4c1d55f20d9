// Writes src/kinds/k8s/: one file of TypeScript types per API group, and `schemas.json` for the
// kinds the API server serves, both from the recorded OpenAPI schemas of Kubernetes 1.36.
//   node tools/generate-kinds.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

interface Schema {
  type?: string
  format?: string
  $ref?: string
  allOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  required?: string[]
  enum?: unknown[]
  oneOf?: Schema[]
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[]
}

/** Groups that get a file of types: file name -> prefix of the schema names it holds. */
const FILES: Record<string, string> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta.v1.',
  core: 'io.k8s.api.core.v1.',
  apps: 'io.k8s.api.apps.v1.',
  batch: 'io.k8s.api.batch.v1.',
  'autoscaling-v1': 'io.k8s.api.autoscaling.v1.',
  autoscaling: 'io.k8s.api.autoscaling.v2.',
  policy: 'io.k8s.api.policy.v1.',
  discovery: 'io.k8s.api.discovery.v1.',
  coordination: 'io.k8s.api.coordination.v1.',
  scheduling: 'io.k8s.api.scheduling.v1.',
  events: 'io.k8s.api.events.v1.',
  authentication: 'io.k8s.api.authentication.v1.',
  authorization: 'io.k8s.api.authorization.v1.',
  rbac: 'io.k8s.api.rbac.v1.',
  networking: 'io.k8s.api.networking.v1.',
  storage: 'io.k8s.api.storage.v1.',
  certificates: 'io.k8s.api.certificates.v1.',
  admissionregistration: 'io.k8s.api.admissionregistration.v1.',
  node: 'io.k8s.api.node.v1.',
  resource: 'io.k8s.api.resource.v1.',
  flowcontrol: 'io.k8s.api.flowcontrol.v1.',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.',
}
/** Schemas outside those prefixes that are plain values in TypeScript. */
const SCALARS: Record<string, string> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'Quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'IntOrString',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'unknown',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'string',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'string',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'Record<string, unknown>',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': 'unknown',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool': 'unknown',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray': 'unknown',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray':
    'unknown',
}
const SKIPPED = /\.(Patch|WatchEvent|APIVersions|APIGroupList)$/

const source = JSON.parse(
  readFileSync(new URL('../test/data/kubernetes-1.36/schemas.json', import.meta.url), 'utf8'),
) as { schemas: Record<string, Schema> }
const out = new URL('../src/kinds/k8s/', import.meta.url)

function fileOf(name: string): string | undefined {
  return Object.keys(FILES).find((file) => name.startsWith(FILES[file]!))
}

/** Fields that Kubernetes writes as null when their value is not known, which the schemas do not say. */
const NULLABLE: ReadonlySet<string> = new Set(['PodCondition.lastProbeTime'])

const shortName = (name: string) => name.slice(name.lastIndexOf('.') + 1)

/** Renders one schema as a TypeScript type, noting in `used` which other schemas it names. */
function typeOf(schema: Schema, used: Set<string>): string {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref
  if (ref !== undefined) {
    const name = ref.replace('#/components/schemas/', '')
    if (name in SCALARS) {
      const scalar = SCALARS[name]!
      if (scalar === 'Quantity' || scalar === 'IntOrString') used.add(scalar)
      return scalar
    }
    if (fileOf(name) === undefined) return 'unknown'
    used.add(name)
    return shortName(name)
  }
  if (schema.enum !== undefined && schema.type === 'string')
    return schema.enum.map((v) => `'${String(v)}'`).join(' | ')
  switch (schema.type) {
    case 'string':
      return 'string'
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'array': {
      const item = typeOf(schema.items ?? {}, used)
      return /[|]/.test(item) ? `(${item})[]` : `${item}[]`
    }
    case 'object':
      return typeof schema.additionalProperties === 'object'
        ? `Record<string, ${typeOf(schema.additionalProperties, used)}>`
        : 'Record<string, unknown>'
    default:
      return 'unknown'
  }
}

function isTopLevel(schema: Schema): boolean {
  return schema.properties?.['metadata'] !== undefined && schema.properties['kind'] !== undefined
}

function interfaceOf(name: string, schema: Schema, used: Set<string>): string {
  const required = new Set(schema.required ?? [])
  const top = isTopLevel(schema) && schema.properties!['items'] === undefined
  if (top) for (const key of ['apiVersion', 'kind', 'metadata', 'spec']) required.add(key)
  const lines = Object.entries(schema.properties ?? {}).map(([key, value]) => {
    const named = top && key === 'metadata'
    if (named) used.add('Metadata')
    const plain = named ? 'Metadata' : typeOf(value, used)
    const type = NULLABLE.has(`${shortName(name)}.${key}`) ? `${plain} | null` : plain
    const quoted = /^[A-Za-z]\w*$/.test(key) ? key : `'${key}'`
    return required.has(key)
      ? `  ${quoted}: ${type}`
      : `  ${quoted}?: ${type === 'unknown' ? type : `${type} | undefined`}`
  })
  return `export interface ${shortName(name)} {\n${lines.join('\n')}\n}\n`
}

function importsOf(file: string, used: Set<string>): string {
  const byFile = new Map<string, Set<string>>()
  for (const name of used) {
    const home = name.includes('.') ? fileOf(name)! : '../object'
    if (home === file) continue
    byFile.set(home, (byFile.get(home) ?? new Set()).add(shortName(name)))
  }
  return [...byFile]
    .map(([home, names]) => {
      const from = home.startsWith('..') ? `${home}.ts` : `./${home}.ts`
      return `import type { ${[...names].toSorted().join(', ')} } from '${from}'\n`
    })
    .join('')
}

mkdirSync(out, { recursive: true })
for (const file of Object.keys(FILES)) {
  const used = new Set<string>()
  const parts = Object.entries(source.schemas)
    .filter(([name]) => fileOf(name) === file && !(name in SCALARS) && !SKIPPED.test(name))
    .map(([name, schema]) => interfaceOf(name, schema, used))
  const header = '// Generated by tools/generate-kinds.ts from the schemas of Kubernetes 1.36.\n'
  writeFileSync(
    new URL(`${file}.ts`, out),
    `${header}${importsOf(file, used)}\n${parts.join('\n')}`,
  )
}
writeFileSync(new URL('schemas.json', out), `${JSON.stringify(source.schemas)}\n`)
