// containerd's event stream, cut down to what the agent acts on: tasks of Kubernetes' containers.
import { loadSync } from '@grpc/proto-loader'
import { grpcService } from './grpc-service.ts'
import type { RuntimeEvent } from './runtime.ts'

const PROTO = new URL('./containerd-events.proto', import.meta.url)
/** The containerd namespace in which its CRI plugin keeps everything. */
const NAMESPACE = 'k8s.io'

const TOPICS: Readonly<Record<string, RuntimeEvent['type']>> = {
  '/tasks/exit': 'exited',
  '/tasks/oom': 'out-of-memory',
}

interface Envelope {
  topic: string
  event: { value: Buffer } | null
}

interface TaskEvent {
  containerId: string
  /** Of an exit: the exec that ended, or the container's id when its own process did. */
  id: string
}

export interface ContainerdEvents {
  subscribe(signal: AbortSignal): AsyncIterable<RuntimeEvent>
  close(): void
}

function taskEventDecoder(): (bytes: Buffer) => TaskEvent {
  const definition = loadSync(PROTO.pathname, { defaults: true })[
    'containerd.services.events.v1.TaskEvent'
  ] as unknown as { deserialize(bytes: Buffer): TaskEvent }
  return (bytes) => definition.deserialize(bytes)
}

export function containerdEvents(options: {
  socketPath: string
  now: () => number
}): ContainerdEvents {
  const name = 'containerd.services.events.v1.Events'
  const service = grpcService({ ...options, file: PROTO, name })
  const decode = taskEventDecoder()
  return {
    async *subscribe(signal) {
      // One filter a topic; containerd delivers what matches any of them.
      const filters = Object.keys(TOPICS).map((t) => `namespace==${NAMESPACE},topic=="${t}"`)
      for await (const { topic, event } of service.stream<Envelope>(
        'subscribe',
        { filters },
        signal,
      )) {
        const type = TOPICS[topic]
        if (type === undefined || event === null) continue
        const task = decode(event.value)
        // The end of an exec is not the end of its container.
        if (task.id !== '' && task.id !== task.containerId) continue
        yield { type, containerId: task.containerId }
      }
    },
    close: () => service.close(),
  }
}
