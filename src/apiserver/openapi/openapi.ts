// OpenAPI of what is served: v3 per group version, with an index of hashes; v2 as one document.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { notAcceptable, PathNotFoundError } from '../api-errors.ts'
import type { ClusterContext, Outcome } from '../context.ts'
import type { ResourceRegistry } from '../resources.ts'
import type { GroupVersionDocument } from './documents.ts'
import { groupVersionDocument } from './documents.ts'
import { swaggerOf } from './swagger.ts'
import { swaggerProtobuf } from './swagger-protobuf.ts'

export type OpenApi = (parts: readonly string[], accept: string) => Outcome

interface Built {
  generation: string
  /** By "api/v1", "apis/apps/v1", ... */
  documents: Map<string, Rendered>
  /** The v2 document in each form, written when it is asked for the first time. */
  swagger: { json?: string; protobuf?: Buffer }
}

interface Rendered {
  document: GroupVersionDocument
  /** Only written when asked for the first time. */
  text: string | undefined
  hash: string | undefined
}

export function createOpenApi(
  { resources, remote }: Pick<ClusterContext, 'resources' | 'remote'>,
  version: string,
): OpenApi {
  let built: Built | undefined
  const current = (): Built => {
    const generation = `${resources.generation}/${remote.generation}`
    if (built?.generation === generation) return built
    const documents = new Map<string, Rendered>()
    for (const [key, group] of groupVersions(resources))
      documents.set(key, {
        document: groupVersionDocument(resources, { ...group, productVersion: version }),
        text: undefined,
        hash: undefined,
      })
    for (const { group, version: name, document } of remote.all())
      if (document !== undefined)
        documents.set(`apis/${group}/${name}`, { ...document, hash: document.hash || undefined })
    built = { generation, documents, swagger: {} }
    return built
  }
  const answerV2 = (accept: string): Outcome => {
    const { documents, swagger } = current()
    const document = () =>
      swaggerOf(
        [...documents.values()].map((rendered) => rendered.document),
        version,
      )
    if (accept.includes(PROTOBUF_V2))
      return protobuf((swagger.protobuf ??= swaggerProtobuf(document())))
    if (!acceptsJson(accept)) throw notAcceptable(['application/json', PROTOBUF_V2])
    return json((swagger.json ??= JSON.stringify(document())))
  }
  return (parts, accept) => {
    const [, kind, ...rest] = parts
    if (kind === 'v2' && rest.length === 0) return answerV2(accept)
    if (kind !== 'v3') throw new PathNotFoundError()
    if (!acceptsJson(accept)) throw notAcceptable(['application/json'])
    if (rest.length === 0) return json(JSON.stringify(indexOf(current())))
    const rendered = current().documents.get(rest.join('/'))
    if (rendered === undefined) throw new PathNotFoundError()
    return json(render(rendered).text)
  }
}

interface GroupVersion {
  group: string
  version: string
}

function groupVersions(resources: ResourceRegistry): Map<string, GroupVersion> {
  const found = new Map<string, GroupVersion>()
  for (const { group, version } of [...resources.all(), ...resources.reviews()])
    found.set(group === '' ? `api/${version}` : `apis/${group}/${version}`, { group, version })
  return found
}

function render(rendered: Rendered): { text: string; hash: string } {
  const text = (rendered.text ??= JSON.stringify(rendered.document))
  const hash = (rendered.hash ??= createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 32)
    .toUpperCase())
  return { text, hash }
}

function indexOf({ documents }: Built) {
  const entries = [...documents].map(([key, rendered]) => {
    const { hash } = render(rendered)
    return [key, { serverRelativeURL: `/openapi/v3/${key}?hash=${hash}` }]
  })
  return { paths: Object.fromEntries(entries) as Record<string, unknown> }
}

function acceptsJson(accept: string): boolean {
  if (accept === '') return true
  return accept.split(',').some((range) => {
    const type = range.split(';')[0]!.trim()
    return type === 'application/json' || type === '*/*' || type === 'application/*'
  })
}

const PROTOBUF_V2 = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
/** The name asked for is no valid media type: Kubernetes answers with this one. */
const PROTOBUF_V2_ANSWER = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

const protobuf = (bytes: Buffer): Outcome => ({
  type: 'bytes',
  status: 200,
  contentType: PROTOBUF_V2_ANSWER,
  chunks: Readable.from([bytes]) as AsyncIterable<Uint8Array>,
})

const json = (text: string): Outcome => ({
  type: 'document',
  status: 200,
  contentType: 'application/json',
  text,
})
