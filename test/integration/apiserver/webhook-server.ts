// A webhook of the test's own over real HTTPS, with an authority that nobody knows but whoever registers it.
import { once } from 'node:events'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Dial } from '#apiserver/outgoing/dial.ts'
import { systemClock } from '#base/clock.ts'
import { createAuthority } from '#identity/authority.ts'
import { issueServerCertificate } from '#identity/leaf-certificate.ts'
import type { HttpClient, Json } from './http-client.ts'

/** What is answered beside the uid of the request. */
export type Respond = (request: Json) => object | Promise<object>

export interface Asked {
  path: string
  review: Json
}

export interface WebhookServer {
  port: number
  /** PEM of its authority in base64. */
  caBundle: string
  /** Every review it was asked with, in order. */
  asked: Asked[]
  /** How a path is answered from now on. Whole reviews where they have an apiVersion. */
  on(path: string, respond: Respond): void
  url(path: string): string
  close(): void
}

/** Its name as the Service that `createHookService` makes. */
export const HOOK_SERVICE = { namespace: 'hooks', name: 'hook' }
/** Of the endpoint of that Service. */
const ENDPOINT_ADDRESS = '10.1.2.3'

export async function startWebhookServer(): Promise<WebhookServer> {
  const clock = systemClock
  const authority = await createAuthority({ commonName: 'webhook CA', clock })
  const { certificatePem, keyPem } = await issueServerCertificate({
    authority,
    names: [`${HOOK_SERVICE.name}.${HOOK_SERVICE.namespace}.svc`],
    addresses: ['127.0.0.1'],
    clock,
  })
  const handlers = new Map<string, Respond>()
  const asked: Asked[] = []
  const server = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
    void (async () => {
      const path = (request.url ?? '').split('?')[0]!
      const review = JSON.parse(await text(request)) as Json
      asked.push({ path, review })
      const respond = handlers.get(path)
      if (respond === undefined) {
        response.writeHead(404).end('no webhook here')
        return
      }
      const { apiVersion, kind } = review
      const given = await respond(review['request']!)
      const answer =
        'apiVersion' in given
          ? given
          : { apiVersion, kind, response: { uid: review['request']!['uid'], ...given } }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    caBundle: Buffer.from(authority.certificatePem).toString('base64'),
    asked,
    on: (path, respond) => void handlers.set(path, respond),
    url: (path) => `https://127.0.0.1:${port}${path}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Reaches who is asked for; the endpoint of the hook's Service is on loopback, where real ones may not lead. */
export const hookDial: Dial = async ({ host, port }) => {
  const socket = connect({ host: host === ENDPOINT_ADDRESS ? '127.0.0.1' : host, port })
  await once(socket, 'connect')
  return socket
}

/** The namespace and the Service of the webhook, with an EndpointSlice that leads to it. */
export async function createHookService(client: HttpClient, port: number): Promise<void> {
  const { namespace, name } = HOOK_SERVICE
  await client.ok('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
  await client.ok('POST', `/api/v1/namespaces/${namespace}/services`, {
    metadata: { name },
    spec: { ports: [{ name: 'https', port: 443, targetPort: port }] },
  })
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
  await client.ok('POST', slices, {
    metadata: { name, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ENDPOINT_ADDRESS], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  })
}

export const patchOf = (...operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})

export const denied = (reason: string) => ({ allowed: false, status: { reason } })
