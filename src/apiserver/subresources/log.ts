// Logs come from the kubelet of the pod's node: asked over the connection that main dials.
import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { badRequest, notFound, StatusError } from '#base/errors.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import type { Call, ClusterContext, Outcome, Target } from '../context.ts'
import { keyFor, resourceName } from '../resources.ts'
import { dialWithin } from './dial-within.ts'
import { containerOf } from './pod-container.ts'

const PASSED_ON = [
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'tailLines',
  'limitBytes',
  'stream',
]

export async function readLog(
  context: ClusterContext,
  call: Call,
  { resource, namespace, name }: Target,
): Promise<Outcome> {
  const stored = context.objects.get(keyFor(resource, namespace, name))
  if (stored === undefined) throw notFound(resourceName(resource), name)
  const pod = stored.object as Pod
  const container = containerOf(pod, call.request.query.get('container') ?? '')
  if (!pod.spec.nodeName) throw badRequest(`pod ${name} does not have a host assigned`)
  const query = new URLSearchParams()
  for (const key of PASSED_ON) {
    const value = call.request.query.get(key)
    if (value !== null) query.set(key, value)
  }
  const path = ['containerLogs', namespace!, name, container].map(encodeURIComponent).join('/')
  const response = await ask(context, pod.spec.nodeName, {
    path: `/${path}?${query.toString()}`,
    signal: call.request.signal,
  })
  return { type: 'bytes', status: 200, contentType: 'text/plain', chunks: response }
}

interface NodeRequest {
  path: string
  signal: AbortSignal | undefined
}

/** The kubelet's answer; its refusals become ours. */
async function ask(
  context: ClusterContext,
  node: string,
  { path, signal }: NodeRequest,
): Promise<AsyncIterable<Uint8Array>> {
  const unreachable = (cause: unknown) =>
    new StatusError('InternalError', `Get "https://${node}${path}": ${(cause as Error).message}`, {
      cause,
    })
  const connection = await dialWithin(context, node).catch((cause: unknown) => {
    throw unreachable(cause)
  })
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest({
      createConnection: () => connection,
      path,
      headers: { host: node, connection: 'close' },
      ...(signal === undefined ? {} : { signal }),
    })
    request.on('response', resolve)
    request.on('error', (cause) => reject(unreachable(cause)))
    request.end()
  })
  if (response.statusCode === 200) return response
  const message = (await text(response)).trim()
  const status = response.statusCode ?? 500
  if (status === 404) throw new StatusError('NotFound', message)
  if (status >= 400 && status < 500) throw badRequest(message)
  throw new StatusError('InternalError', message)
}
