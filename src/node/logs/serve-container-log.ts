// Answers GET /containerLogs/NAMESPACE/POD/CONTAINER.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Clock } from '#base/clock.ts'
import { StatusError } from '#base/errors.ts'
import type { MachineDirectories } from '../container/pod-places.ts'
import type { PodManager } from '../pods/pod-manager.ts'
import { isRunning } from '../pods/pod-view.ts'
import { loggedContainer, logFile } from './container-log.ts'
import { isPrevious, logOptions } from './log-query.ts'
import { readLog } from './read-log.ts'

export interface LogRequest {
  namespace: string
  pod: string
  container: string
  query: URLSearchParams
}

export interface LogSource {
  pods: PodManager
  machine: MachineDirectories
  clock: Clock
}

/** Throws what the client is to see while nothing is written yet. */
export async function serveContainerLog(
  { pods, machine, clock }: LogSource,
  { namespace, pod: name, container, query }: LogRequest,
  response: ServerResponse,
): Promise<void> {
  const record = pods.find(namespace, name)
  if (record === undefined)
    throw new StatusError('NotFound', `pod "${namespace}/${name}" not found`)
  const { pod, observed } = record
  const containers = observed?.containers ?? []
  const previous = isPrevious(query)
  const chosen = loggedContainer({ pod, containers, container, previous })
  const ended = new AbortController()
  response.once('close', () => ended.abort())
  const isOpen = () => isRunning(record.observed?.containers.find(({ id }) => id === chosen.id))
  const file = logFile(machine, pod, chosen)
  const follow = { clock, isOpen, signal: ended.signal }
  response.writeHead(200, { 'content-type': 'text/plain' })
  response.flushHeaders()
  for await (const chunk of readLog(file, logOptions(query, clock.now()), follow)) {
    if (ended.signal.aborted) return
    // The client sets the pace.
    if (!response.write(chunk))
      await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  response.end()
}
