// Puts recorded requests to the API server and holds its answers against those of Kubernetes.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { Agent, request as httpsRequest } from 'node:https'
import { after, before, test } from 'node:test'
import type { TestServer } from './test-server.ts'
import { startTestServer, TEST_TOKEN } from './test-server.ts'

interface Step {
  label: string
  request: { method: string; path: string; headers?: Record<string, string>; body?: unknown }
  response: { status: number; warning?: string; body: unknown }
}

const RECORDINGS = new URL('../../data/kubernetes-1.36/recordings/', import.meta.url)

/**
 * Steps whose recorded answer is a controller's work, is about the uid of the recorded object, or is
 * in Go's own words (an error without a reason, of a syntax error, of the order of fields).
 */
const SKIPPED: Readonly<Record<string, readonly string[]>> = {
  '03-errors': ['read deployment', 'immutable selector', 'conflict', 'name mismatch'],
  '04-patch': [],
  '05-apply': ['apply status'],
  '08-validation': [],
  // Hashes of the namespace's name, server-side apply, and what it wrote; the objects take a second to go.
  '16-custom': ['discovery', 'table', 'gone'],
}

/** Different on every run, or left to server-side apply and controllers. */
const VOLATILE = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'managedFields',
  'status',
  'annotations',
])

let server: TestServer
let agent: Agent

before(async () => {
  server = await startTestServer()
  agent = new Agent({ ca: server.caPem, keepAlive: true })
})
after(async () => {
  agent.destroy()
  await server.close()
})

interface Answer {
  status: number
  warning: string | undefined
  body: unknown
}

function send({ method, path, headers, body }: Step['request']): Promise<Answer> {
  const payload =
    body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const options = {
      agent,
      method,
      headers: {
        authorization: `Bearer ${TEST_TOKEN}`,
        ...(payload === undefined
          ? {}
          : {
              'content-type': 'application/json',
              'content-length': String(Buffer.byteLength(payload)),
            }),
        ...headers,
      },
    }
    const sent = httpsRequest(`https://127.0.0.1:${server.port}${path}`, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        const { statusCode = 0, headers: received } = response
        const isJson = received['content-type']?.includes('json') ?? false
        const warning = received['warning'] as string | undefined
        resolve({ status: statusCode, warning, body: isJson ? JSON.parse(text) : text })
      })
    })
    sent.on('error', reject)
    sent.end(payload)
  })
}

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value === 'string')
    return value
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '*')
      .replaceAll(/(\\?"resourceVersion\\?":\\?")\d+/g, '$1*')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '*')
  if (typeof value !== 'object' || value === null) return value
  const isStatus = (value as { kind?: string }).kind === 'Status'
  const entries = Object.entries(value)
    .filter(([key]) => !VOLATILE.has(key) || (isStatus && key === 'status'))
    .map(([key, item]) => [key, comparable(item)])
  return Object.fromEntries(entries)
}

async function prepareNamespace(name: string): Promise<void> {
  const create = (path: string, kind: string, called: string) =>
    send({ method: 'POST', path, body: { apiVersion: 'v1', kind, metadata: { name: called } } })
  await create('/api/v1/namespaces', 'Namespace', name)
  await create(`/api/v1/namespaces/${name}/serviceaccounts`, 'ServiceAccount', 'default')
}

/** A definition is served once its names are accepted: the recording pauses there. */
async function untilEstablished({ method, path, body }: Step['request']): Promise<void> {
  if (method !== 'POST' || !path.endsWith('/customresourcedefinitions')) return
  const { name } = (body as { metadata: { name: string } }).metadata
  for (let tries = 0; tries < 200; tries++) {
    const { status, body: found } = await send({ method: 'GET', path: `${path}/${name}` })
    if (status === 404 || JSON.stringify(found).includes('InitialNamesAccepted')) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

for (const [scenario, skipped] of Object.entries(SKIPPED))
  test(`recorded answers: ${scenario}`, async () => {
    const namespace = `replay-${scenario}`
    await prepareNamespace(namespace)
    const text = await readFile(new URL(`${scenario}.json`, RECORDINGS), 'utf8')
    const filled = text
      .replaceAll('{ns}', namespace)
      .replaceAll('{image}', 'registry.example/busybox:1')
    const { steps } = JSON.parse(filled) as { steps: Step[] }
    for (const { label, request, response } of steps) {
      const actual = await send(request)
      await untilEstablished(request)
      if (skipped.includes(label)) continue
      assert.equal(actual.status, response.status, label)
      assert.equal(actual.warning, response.warning, label)
      assert.deepEqual(comparable(actual.body), comparable(response.body), label)
    }
  })
