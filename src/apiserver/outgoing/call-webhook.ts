// One question to a webhook, of admission or of conversion: a review as JSON, over HTTPS.
import type { ClusterContext } from '../context.ts'
import { connectionErrorText } from './connection-error.ts'
import type { Target } from './connect-within.ts'
import type { OutgoingAnswer } from './outgoing.ts'
import { outgoingLimits } from './outgoing-limits.ts'
import { refusalText } from './refusal-text.ts'
import { backendOfService } from './service-backend.ts'

/** What admission webhooks and custom resource definitions both say of their server. */
export interface WebhookPlace {
  url?: string | undefined
  service?:
    | {
        namespace: string
        name: string
        path?: string | undefined
        port?: number | undefined
      }
    | undefined
  /** PEM in base64. */
  caBundle?: string | undefined
}

export interface WebhookQuestion {
  /** The review; written as JSON. */
  review: unknown
  timeoutMs: number
  signal?: AbortSignal | undefined
}

const HTTPS_PORT = 443

/**
 * The review that the webhook answers with. Rejects with an Error that says what Kubernetes says of a
 * webhook that could not be asked.
 */
export async function callWebhook(
  context: Pick<ClusterContext, 'objects' | 'random' | 'outgoing'>,
  place: WebhookPlace,
  { review, timeoutMs, signal }: WebhookQuestion,
): Promise<unknown> {
  const { url, host } = urlOf(place, timeoutMs)
  const path = `${url.pathname}${url.search}`
  const failed = (why: string, cause?: unknown) =>
    new Error(`Post "${url.protocol}//${host}${path}": ${why}`, { cause })
  const target = targetOf(context, place, url, failed)
  const body = JSON.stringify(review)
  const asked = {
    method: 'POST',
    path,
    headers: {
      host,
      accept: 'application/json, */*',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'kube-apiserver-admission',
    },
    body,
    timeoutMs,
    bodyBytesMax: outgoingLimits.reviewBytesMax,
    signal,
  }
  const answer = await context.outgoing.ask(target, asked).catch((error: unknown) => {
    throw failed(connectionErrorText(error, target.address), error)
  })
  return read(answer)
}

/** The URL, and its host as messages show it: that of a service has its port also where it is 443. */
function urlOf({ url, service }: WebhookPlace, timeoutMs: number): { url: URL; host: string } {
  const port = service?.port ?? HTTPS_PORT
  const host = service && `${service.name}.${service.namespace}.svc:${port}`
  const parsed = new URL(host === undefined ? url! : `https://${host}`)
  if (service?.path !== undefined)
    parsed.pathname = service.path.startsWith('/') ? service.path : `/${service.path}`
  parsed.searchParams.set('timeout', `${Math.round(timeoutMs / 1000)}s`)
  return { url: parsed, host: host ?? parsed.host }
}

function targetOf(
  context: Pick<ClusterContext, 'objects' | 'random'>,
  { service, caBundle }: WebhookPlace,
  url: URL,
  failed: (why: string, cause?: unknown) => Error,
): Target {
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  const tls = {
    serverName: hostname,
    verify: true,
    ...(caBundle ? { caPem: Buffer.from(caBundle, 'base64').toString() } : {}),
  }
  const port = Number(url.port || HTTPS_PORT)
  if (service === undefined) return { address: { host: hostname, port, inCluster: false }, tls }
  try {
    const backend = backendOfService(context, { ...service, port })
    return { address: { host: backend.address, port: backend.port, inCluster: true }, tls }
  } catch (error) {
    throw failed((error as Error).message, error)
  }
}

function read({ status, text }: OutgoingAnswer): unknown {
  if (status < 200 || status > 299) throw new Error(refusalText(status, text))
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new Error(
      `couldn't get version/kind; json parse error: ${(error as Error).message} (${text.slice(0, outgoingLimits.excerptLengthMax)})`,
      { cause: error },
    )
  }
}
