// Writes what a request came to, in the form the client asked for.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { stringify as stringifyYaml } from 'yaml'
import type { StatusError } from '#base/errors.ts'
import type { KubeObject } from '#kinds/object.ts'
import { PathNotFoundError, statusOf, upgradeRequired } from '../api-errors.ts'
import { assertDecided } from '../authorization/assert-decided.ts'
import type { Call, Outcome } from '../context.ts'
import { shown } from '../resources.ts'
import { partialMetadata, readIncludeObject, tableOf } from '../table.ts'
import { boundedWarnings } from './bounded-warnings.ts'
import type { ClusterAccess } from './handle-request.ts'
import { listBytes } from './list-bytes.ts'
import type { Form } from './negotiate.ts'
import { writeWatch } from './write-watch.ts'

export interface Writing {
  access: ClusterAccess
  call: Call
  form: Form
  outcome: Outcome
  response: ServerResponse
  signal: AbortSignal
}

export async function writeOutcome(writing: Writing): Promise<void> {
  const { outcome, response, form, call } = writing
  assertDecided(call)
  writeWarnings(response, call.warnings)
  switch (outcome.type) {
    case 'object':
      return writeObject(writing, outcome)
    case 'list':
      return writeList(writing, outcome)
    case 'watch':
      return writeWatch({ ...writing, outcome })
    case 'bytes':
      return writeBytes(writing, outcome)
    case 'upgrade':
    case 'proxy':
      throw upgradeRequired()
    case 'document':
      if (form.encoding === 'application/yaml' && outcome.contentType === 'application/json')
        return send(response, outcome.status, form, JSON.parse(outcome.text))
      response.writeHead(outcome.status, { 'content-type': outcome.contentType })
      response.end(outcome.text)
  }
}

function writeWarnings(response: ServerResponse, warnings: readonly string[]): void {
  // What failed while it was written has them already.
  if (response.hasHeader('warning')) return
  for (const warning of boundedWarnings(warnings))
    response.appendHeader('warning', `299 - ${quoted(warning)}`)
}

/** As a quoted-string of RFC 9110; other characters than printable ASCII cannot stand in it. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(/[^\x20-\x7e]/g, '?')
}

type Of<Type extends Outcome['type']> = Extract<Outcome, { type: Type }>

function writeObject({ form, response, access, call }: Writing, outcome: Of<'object'>): void {
  const { status, object, resource, stored } = outcome
  if (resource !== undefined && form.shape === 'table') {
    const one = object as KubeObject
    const { resourceVersion } = one.metadata
    const table = tableOf(resource, [one], { resourceVersion }, tableOptions(access, call))
    return send(response, status, form, table)
  }
  if (resource !== undefined && form.shape === 'metadata')
    return send(response, status, form, partialMetadata(object as KubeObject))
  const asStored = stored !== undefined && stored.object === object
  if (asStored && form.encoding === 'application/json')
    return sendBytes(response, status, stored.bytes)
  send(response, status, form, object)
}

function writeList({ form, response, access, call }: Writing, outcome: Of<'list'>): void {
  const { resource, items, metadata } = outcome
  if (form.shape === 'object' && form.encoding === 'application/json')
    return sendBytes(response, 200, listBytes(resource, items, metadata))
  const objects = items.map(({ object }) => shown(resource, object))
  if (form.shape === 'table')
    return send(
      response,
      200,
      form,
      tableOf(resource, objects, metadata, tableOptions(access, call)),
    )
  const isMetadata = form.shape === 'metadata'
  send(response, 200, form, {
    kind: isMetadata ? 'PartialObjectMetadataList' : resource.listKind,
    apiVersion: isMetadata ? 'meta.k8s.io/v1' : resource.apiVersion,
    metadata,
    items: isMetadata ? objects.map(partialMetadata) : objects,
  })
}

const tableOptions = ({ context }: ClusterAccess, { request }: Call) => ({
  includeObject: readIncludeObject(request.query),
  now: context.clock.now(),
  withColumns: true,
})

async function writeBytes({ response, signal }: Writing, outcome: Of<'bytes'>): Promise<void> {
  response.writeHead(outcome.status, { 'content-type': outcome.contentType })
  response.flushHeaders()
  for await (const chunk of outcome.chunks) {
    if (signal.aborted) break
    if (!response.write(chunk)) await once(response, 'drain', { signal })
  }
  response.end()
}

function send(response: ServerResponse, status: number, form: Form, value: unknown): void {
  const isYaml = form.encoding === 'application/yaml'
  // Clients read YAML 1.1, where an unquoted `no` or a time is no string.
  const text = isYaml ? stringifyYaml(value, { compat: 'yaml-1.1' }) : JSON.stringify(value)
  response.writeHead(status, {
    'content-type': form.encoding,
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

function sendBytes(response: ServerResponse, status: number, bytes: Uint8Array): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.byteLength,
  })
  response.end(bytes)
}

/** Ends the answer with a Status; one that has begun can only be cut off. */
/** `warnings`: what the client is warned of all the same. */
export function writeError(
  response: ServerResponse,
  error: StatusError,
  warnings: readonly string[] = [],
): void {
  if (response.headersSent || !response.writable) {
    response.destroy()
    return
  }
  writeWarnings(response, warnings)
  if (error instanceof PathNotFoundError) {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(`${error.message}\n`)
    return
  }
  const retryAfter = error.details?.retryAfterSeconds
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
  if (error.reason === 'Unauthorized') response.setHeader('www-authenticate', 'Bearer')
  // A body that was not read to its end would be taken for the next request.
  if (error.reason === 'RequestEntityTooLarge') response.setHeader('connection', 'close')
  const text = JSON.stringify(statusOf(error))
  response.writeHead(error.code, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
