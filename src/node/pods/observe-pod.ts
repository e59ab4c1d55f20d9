// Reads what the runtime has of a pod. What cannot change any more (ends of containers, addresses)
// is read once.
import { open } from 'node:fs/promises'
import { annotationNames, labelNames } from '../container/labels.ts'
import {
  type MachineDirectories,
  logPath,
  podPlaces,
  terminationFile,
} from '../container/pod-places.ts'
import { nodeLimits } from '../limits.ts'
import { tailOfLog } from '../logs/tail-of-log.ts'
import {
  type ContainerDetails,
  type ListedContainer,
  type Runtime,
  type Sandbox,
  isRuntimeError,
} from '../runtime/runtime.ts'
import type { Observed, PodRecord } from './pod-record.ts'
import type { ContainerView, SandboxView } from './pod-view.ts'

export type PodObserver = (record: PodRecord) => Promise<Observed>

const newestFirst = (
  a: { attempt: number; createdAtMs: number },
  b: { attempt: number; createdAtMs: number },
): number => b.createdAtMs - a.createdAtMs || b.attempt - a.attempt

/** The end of a file: the last words count. */
async function textOf(file: string, bytesMax: number): Promise<string> {
  try {
    await using handle = await open(file)
    const { size } = await handle.stat()
    const from = Math.max(0, size - bytesMax)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytesMax), 0, bytesMax, from)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function viewOf(
  listed: ListedContainer,
  details: ContainerDetails,
  message: string,
): ContainerView {
  const delay = listed.annotations[annotationNames.restartDelayMs]
  return {
    ...details,
    // What the runtime has to say, then what the container said.
    message: [details.message, message].filter((text) => text !== '').join(': '),
    name: listed.labels[labelNames.containerName] ?? listed.name,
    sandboxId: listed.sandboxId,
    attempt: listed.attempt,
    hash: listed.annotations[annotationNames.hash] ?? '',
    restartDelayMs: delay === undefined ? undefined : Number(delay),
  }
}

/** Of something that was removed between a list and a look: nothing. */
function ignoreGone(error: unknown): undefined {
  if (isRuntimeError(error, 'NotFound')) return undefined
  throw error
}

export function podObserver(runtime: Runtime, machine: MachineDirectories): PodObserver {
  const messageOf = async (record: PodRecord, listed: ListedContainer, exitCode: number) => {
    const places = podPlaces(machine, record.pod)
    const { annotations, name, attempt } = listed
    if (!annotations[annotationNames.terminationMessagePath]) return ''
    const file = terminationFile(places, name, attempt)
    const text = await textOf(file, nodeLimits.terminationMessageBytesMax)
    const policy = annotations[annotationNames.terminationMessagePolicy]
    if (text !== '' || exitCode === 0 || policy !== 'FallbackToLogsOnError') return text
    return tailOfLog(`${places.logs}/${logPath(name, attempt)}`, {
      linesMax: nodeLimits.terminationLogLinesMax,
      bytesMax: nodeLimits.terminationLogBytesMax,
    })
  }

  const container = async (record: PodRecord, listed: ListedContainer) => {
    const known = record.observed?.containers.find(({ id }) => id === listed.id)
    if (known?.state === 'exited') return known
    const details = await runtime.containerDetails(listed.id).catch(ignoreGone)
    if (details === undefined) return undefined
    const over = details.state === 'exited'
    return viewOf(listed, details, over ? await messageOf(record, listed, details.exitCode) : '')
  }

  const sandbox = async (record: PodRecord, listed: Sandbox): Promise<SandboxView> => {
    const { id, state, attempt } = listed
    const known = record.observed?.sandboxes.find((s) => s.id === id)
    const asks = known === undefined || (known.addresses.length === 0 && state === 'ready')
    const addresses = asks
      ? ((await runtime.sandboxAddresses(id).catch(ignoreGone)) ?? [])
      : known.addresses
    return { id, state, attempt, addresses }
  }

  return async (record) => {
    const filter = { [labelNames.podUid]: record.uid }
    const [sandboxes, containers] = await Promise.all([
      runtime.listSandboxes(filter),
      runtime.listContainers(filter),
    ])
    const views = await Promise.all(
      containers.toSorted(newestFirst).map((listed) => container(record, listed)),
    )
    return {
      sandboxes: await Promise.all(
        sandboxes.toSorted(newestFirst).map((listed) => sandbox(record, listed)),
      ),
      containers: views.filter((view) => view !== undefined),
    }
  }
}
