// Reads what a request for a stream asks for: the kubelet's paths and parameters. Pure.
import { portOf } from '#streams/port-forward/spdy-port-forward.ts'
import type { StreamChoice } from '../runtime/runtime.ts'
import { StreamRefusal } from './stream-refusal.ts'

interface PodPlace {
  namespace: string
  pod: string
}

export type StreamRequest =
  | ({
      type: 'exec'
      container: string
      command: readonly string[]
      streams: StreamChoice
    } & PodPlace)
  | ({ type: 'attach'; container: string; streams: StreamChoice } & PodPlace)
  /** `ports` only where the streams do not name them. */
  | ({ type: 'portForward'; ports: readonly number[] } & PodPlace)

const COMMAND_PATH = /^\/(exec|attach)\/([^/]+)\/([^/]+)\/([^/]+)$/
const FORWARD_PATH = /^\/portForward\/([^/]+)\/([^/]+)$/

/** Undefined for other paths; throws what the client is to see. */
export function readStreamRequest(url: URL): StreamRequest | undefined {
  const forward = FORWARD_PATH.exec(url.pathname)
  if (forward !== null) {
    const [namespace, pod] = forward.slice(1).map(decodeURIComponent) as [string, string]
    return { type: 'portForward', namespace, pod, ports: portsOf(url.searchParams) }
  }
  const match = COMMAND_PATH.exec(url.pathname)
  if (match === null) return undefined
  const [type, namespace, pod, container] = match.slice(1).map(decodeURIComponent) as [
    'exec' | 'attach',
    string,
    string,
    string,
  ]
  const place = { namespace, pod, container, streams: streamsOf(url.searchParams) }
  if (type === 'attach') return { type, ...place }
  return { type, ...place, command: url.searchParams.getAll('command') }
}

function streamsOf(query: URLSearchParams): StreamChoice {
  const wants = (name: string) => query.get(name) === '1'
  const tty = wants('tty')
  const streams = {
    stdin: wants('input'),
    stdout: wants('output'),
    // A terminal has one output: asked for beside it, stderr is left out, as the kubelet does.
    stderr: wants('error') && !tty,
    tty,
  }
  if (!streams.stdin && !streams.stdout && !streams.stderr)
    throw new StreamRefusal(400, 'you must specify at least 1 of stdin, stdout, stderr')
  return streams
}

const portsOf = (query: URLSearchParams): number[] =>
  query
    .getAll('port')
    .flatMap((list) => list.split(','))
    .map((text) => {
      const port = portOf(text)
      if (port === undefined) throw new StreamRefusal(400, `invalid port ${JSON.stringify(text)}`)
      return port
    })
