// Starts one container: image, configuration, creation, start, postStart hook.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Container, Pod } from '#kinds/k8s/core.ts'
import { ConfigError } from '../container/config-error.ts'
import { containerConfig } from '../container/container-config.ts'
import type { MachineLimits } from '../container/container-resources.ts'
import { containerEnvironment } from '../container/environment.ts'
import type { ObjectSource } from '../container/object-source.ts'
import { type MachineDirectories, logPath, podPlaces } from '../container/pod-places.ts'
import { nodeLimits } from '../limits.ts'
import { ImageError, type ImagePuller } from '../images/image-puller.ts'
import { credentialsFor, podPullSecrets } from '../images/pull-secrets.ts'
import {
  type Credentials,
  type Runtime,
  RuntimeError,
  type RuntimeImage,
  type SandboxConfig,
} from '../runtime/runtime.ts'
import { containerMounts } from '../volumes/container-mounts.ts'
import type { PodVolumes } from '../volumes/pod-volumes.ts'
import type { VolumeMounts } from '../volumes/volume-mounts.ts'
import { duration, podTitle } from './container-status.ts'
import { abortable, hookTitle, runHook } from './lifecycle-hook.ts'
import { type PodEvents, normal, warning } from './pod-events.ts'
import type { Waiting } from './pod-view.ts'

export interface StartDependencies {
  runtime: Runtime
  images: ImagePuller
  volumes: PodVolumes
  mounts: VolumeMounts
  objects: ObjectSource
  clock: Clock
  events: PodEvents
  machine: MachineDirectories
  limits: MachineLimits
  domain: string
  pullCredentials: (image: string) => Credentials | undefined
}

export interface ContainerStart {
  pod: Pod
  container: Container
  attempt: number
  restartDelayMs: number | undefined
  sandboxId: string
  sandboxConfig: SandboxConfig
  podAddresses: readonly string[]
  hostAddresses: readonly string[]
  /** Aborted when the pod shall end. */
  signal: AbortSignal
}

/** A container could not be started; `waiting` is what its status says. */
export class StartError extends Error {
  readonly waiting: Waiting

  constructor(waiting: Required<Waiting>, cause: unknown) {
    super(waiting.message, { cause })
    this.name = 'StartError'
    this.waiting = waiting
  }
}

/** A container runs, but its postStart hook failed: it must be stopped. */
export class HookError extends StartError {
  readonly containerId: string

  constructor(message: string, options: { containerId: string; cause: unknown }) {
    super({ reason: 'PostStartHookError', message }, options.cause)
    this.name = 'HookError'
    this.containerId = options.containerId
  }
}

const describe = (error: unknown): string =>
  error instanceof RuntimeError ? error.description : (error as Error).message

async function ensureImage(deps: StartDependencies, start: ContainerStart): Promise<RuntimeImage> {
  const { pod, container, signal } = start
  const { events } = deps
  const name = container.image ?? ''
  const tell = (reason: string, message: string) =>
    events.aboutContainer(pod, container, normal(reason, message))
  const { secrets, missing } = await podPullSecrets(pod, deps.objects)
  if (missing.length > 0)
    events.aboutPod(
      pod,
      warning(
        'FailedToRetrieveImagePullSecret',
        `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`,
      ),
    )
  const own = credentialsFor(secrets, name)
  const ensured = deps.images.ensure({
    podUid: pod.metadata.uid ?? '',
    container,
    credentials: own,
    shared: deps.pullCredentials(name),
    events: {
      present: () =>
        tell(
          'Pulled',
          `Container image "${name}" already present on machine and can be accessed by the pod`,
        ),
      pulling: () => tell('Pulling', `Pulling image "${name}"`),
      pulled: ({ tookMs, waitedMs, sizeBytes }) =>
        tell(
          'Pulled',
          `Successfully pulled image "${name}" in ${duration(tookMs)} (${duration(waitedMs)} including waiting). Image size: ${sizeBytes} bytes.`,
        ),
    },
  })
  return abortable(ensured, signal)
}

/** Makes the configuration; what is wrong with the spec shows only now. */
async function configure(deps: StartDependencies, start: ContainerStart, image: RuntimeImage) {
  const { pod, container, attempt, podAddresses } = start
  const places = podPlaces(deps.machine, pod)
  try {
    const environment = await containerEnvironment({
      ...start,
      source: deps.objects,
      volumeFile: (volume, file) => deps.volumes.readFile(pod, volume, file),
      allocatable: deps.limits.allocatable,
    })
    const mounts = await containerMounts({
      pod,
      container,
      attempt,
      places,
      volumes: deps.volumes,
      mounts: deps.mounts,
      environment,
      addresses: podAddresses,
      domain: deps.domain,
    })
    await mkdir(path.dirname(path.join(places.logs, logPath(container.name, attempt))), {
      recursive: true,
    })
    return containerConfig({ ...start, image, environment, mounts, machine: deps.limits })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new StartError({ reason: 'CreateContainerConfigError', message: error.message }, error)
  }
}

function failure(reason: string) {
  return (error: unknown): never => {
    throw new StartError({ reason, message: describe(error) }, error)
  }
}

async function postStart(
  deps: StartDependencies,
  start: ContainerStart,
  id: string,
): Promise<void> {
  const { pod, container, signal } = start
  const handler = container.lifecycle?.postStart
  if (handler === undefined) return
  const context = {
    ...deps,
    pod,
    container,
    containerId: id,
    address: start.podAddresses[0] ?? '',
    timeoutSeconds: nodeLimits.postStartHookSecondsMax,
    signal,
  }
  try {
    await runHook(handler, context)
  } catch (error) {
    if (signal.aborted) throw error
    // What the hook wrote may be secret: the status tells it, events do not.
    const told = warning('FailedPostStartHook', 'PostStartHook failed')
    deps.events.aboutContainer(pod, container, told)
    const message = `${hookTitle(handler)} for Container "${container.name}" in Pod "${podTitle({ pod })}" failed - error: ${describe(error)}`
    throw new HookError(message, { containerId: id, cause: error })
  }
}

/** Rejects with a StartError or an ImageError, or with the signal's reason. */
export async function startContainer(
  deps: StartDependencies,
  start: ContainerStart,
): Promise<void> {
  const { pod, container, signal, sandboxId, sandboxConfig } = start
  const image = await ensureImage(deps, start)
  const config = await configure(deps, start, image)
  signal.throwIfAborted()
  const id = await deps.runtime
    .createContainer({ sandboxId, config, sandboxConfig })
    .catch(failure('CreateContainerError'))
  deps.events.aboutContainer(pod, container, normal('Created', 'Container created'))
  signal.throwIfAborted()
  await deps.runtime.startContainer(id).catch(failure('RunContainerError'))
  deps.events.aboutContainer(pod, container, normal('Started', 'Container started'))
  await postStart(deps, start, id)
}

/** What a failed start says to users. */
export function tellStartFailure(
  events: PodEvents,
  start: Pick<ContainerStart, 'pod' | 'container'>,
  error: StartError | ImageError,
): void {
  const { pod, container } = start
  const tell = (what: ReturnType<typeof normal>) => events.aboutContainer(pod, container, what)
  const { reason } = error.waiting
  if (reason === 'ErrImagePull')
    tell(warning('Failed', `Failed to pull image "${container.image}": ${error.message}`))
  if (reason === 'ImagePullBackOff')
    tell(normal('BackOff', `Back-off pulling image "${container.image}"`))
  // Told already, without what the hook wrote.
  if (error instanceof HookError) return
  if (reason === 'ErrImageNeverPull') tell(warning(reason, error.message))
  if (reason === 'InvalidImageName') tell(warning('InspectFailed', error.message))
  tell(warning('Failed', `Error: ${error instanceof ImageError ? reason : error.message}`))
}
