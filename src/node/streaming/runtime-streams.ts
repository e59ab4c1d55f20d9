// Opens streams that the container runtime serves.
import { readFile } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import type { CommandSession } from '#streams/command/channels.ts'
import { chooseProtocol, spdyCommandProtocols } from '#streams/command/protocols.ts'
import { openSpdyCommand } from '#streams/command/spdy-command.ts'
import { openPortForward, PORT_FORWARD_PROTOCOL } from '#streams/port-forward/spdy-port-forward.ts'
import { requestUpgrade } from '#streams/request-upgrade.ts'
import { labelNames } from '../container/labels.ts'
import type { Runtime, StreamChoice } from '../runtime/runtime.ts'
import type { ForwardedEnd } from './forward-connection.ts'
import { PodConnections } from './pod-connections.ts'
import { StreamRefusal } from './stream-refusal.ts'

export interface RuntimeStreamsOptions {
  runtime: Pick<
    Runtime,
    | 'listContainers'
    | 'listSandboxes'
    | 'sandboxNetwork'
    | 'execUrl'
    | 'attachUrl'
    | 'portForwardUrl'
  >
  /** Certificate of the runtime's streaming server, if it speaks TLS. */
  certificateFile?: string
  clock: Clock
}

/** A runtime knows no later version over SPDY. */
const COMMAND_PROTOCOL = chooseProtocol(['v4.channel.k8s.io'], spdyCommandProtocols)!

export type RuntimeStreams = ReturnType<typeof runtimeStreams>

export function runtimeStreams({ runtime, certificateFile, clock }: RuntimeStreamsOptions) {
  const connect = async (url: URL, version: string): Promise<Duplex> => {
    const ca =
      url.protocol === 'https:' && certificateFile !== undefined
        ? await readFile(certificateFile, 'utf8')
        : undefined
    const { transport } = await requestUpgrade({
      url,
      protocol: 'SPDY/3.1',
      headers: { 'x-stream-protocol-version': version },
      clock,
      ...(ca === undefined ? {} : { ca }),
    })
    return transport
  }

  const inside = new PodConnections(clock)

  const command = async (url: URL, streams: StreamChoice): Promise<CommandSession> => {
    const transport = await connect(url, COMMAND_PROTOCOL.name)
    return openSpdyCommand({ transport, protocol: COMMAND_PROTOCOL, streams, clock })
  }

  const forwardByRuntime = async (sandboxId: string, port: number): Promise<ForwardedEnd> => {
    const url = await runtime.portForwardUrl(sandboxId)
    const transport = await connect(url, PORT_FORWARD_PROTOCOL)
    const { pair, connection } = await openPortForward({ transport, port, clock })
    pair.error.end()
    return {
      data: pair.data,
      error: pair.error,
      close: () => connection.close(),
      closed: connection.closed,
    }
  }

  return {
    /** The newest container of this name; it may have ended, which the runtime then says. */
    async containerId({ metadata }: Pod, name: string): Promise<string> {
      const found = await runtime.listContainers({
        [labelNames.podUid]: metadata.uid ?? '',
        [labelNames.containerName]: name,
      })
      const newest = found.toSorted((one, other) => other.createdAtMs - one.createdAtMs)[0]
      if (newest === undefined) throw new StreamRefusal(500, `container not found ("${name}")`)
      return newest.id
    },

    async sandboxId({ metadata }: Pod): Promise<string> {
      const found = await runtime.listSandboxes({ [labelNames.podUid]: metadata.uid ?? '' })
      const newest = found.toSorted((one, other) => other.createdAtMs - one.createdAtMs)[0]
      if (newest === undefined || newest.state !== 'ready')
        throw new StreamRefusal(
          404,
          `pod not found ("${metadata.name}_${metadata.namespace}"): it is not running`,
        )
      return newest.id
    },

    execUrl: (id: string, parts: readonly string[], streams: StreamChoice) =>
      runtime.execUrl(id, parts, streams),
    attachUrl: (id: string, streams: StreamChoice) => runtime.attachUrl(id, streams),
    /** What `execUrl` and `attachUrl` gave, opened. */
    command,

    /** A pod in the machine's own network has no namespace to enter. */
    async forward(sandboxId: string, port: number): Promise<ForwardedEnd> {
      const netnsPath = await runtime.sandboxNetwork(sandboxId)
      return netnsPath === undefined
        ? forwardByRuntime(sandboxId, port)
        : inside.open(netnsPath, port)
    },

    close: () => inside.close(),
  }
}
