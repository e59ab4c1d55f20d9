// One mount of a volume into a container.
import { rm } from 'node:fs/promises'
import type { Container, Pod, VolumeMount } from '#kinds/k8s/core.ts'
import { ConfigError } from '../container/config-error.ts'
import { type PodPlaces, boundMount } from '../container/pod-places.ts'
import type { Mount } from '../runtime/runtime.ts'
import { OutsideError, modeOf, openInside, resolveInside } from './inside.ts'
import type { PodVolumes, VolumePlace } from './pod-volumes.ts'
import { subPathOf } from './sub-path.ts'
import type { VolumeMounts } from './volume-mounts.ts'

const PROPAGATION = {
  None: 'PROPAGATION_PRIVATE',
  HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
} as const

export interface VolumeMountOptions {
  pod: Pod
  container: Container
  places: PodPlaces
  volumes: Pick<PodVolumes, 'placeOf'>
  mounts: VolumeMounts
  environment: ReadonlyMap<string, string>
}

function checkRecursion({ name, recursiveReadOnly }: VolumeMount): void {
  if (recursiveReadOnly !== 'Enabled') return
  throw new ConfigError(
    `failed to resolve recursive read-only mode: volume "${name}" requested recursive read-only mode, but it is not supported by the runtime`,
  )
}

/** Binds what is to be seen to a place that nobody but the agent can change. */
async function bound(
  options: VolumeMountOptions,
  mount: VolumeMount,
  wanted: { place: VolumePlace; path: string; index: number },
): Promise<string> {
  const { container, places, mounts } = options
  const { place, index } = wanted
  const target = boundMount(places, container.name, index)
  // The same access as the volume itself: whoever may write there may write here.
  const making = { kind: 'directory', mode: await modeOf(place.path) } as const
  const isKernels = place.isHostPath && place.readonly
  await using handle = await openInside(place.root, wanted.path, isKernels ? undefined : making)
  if (handle === undefined) throw new OutsideError(`there is nothing at ${wanted.path}`)
  const source = { fd: handle.fd, isDirectory: (await handle.stat()).isDirectory() }
  await mounts.unmount(target)
  await rm(target, { force: true, recursive: true })
  await mounts.bind(source, target, { shared: (mount.mountPropagation ?? 'None') !== 'None' })
  return target
}

/** What is found at the path is at fault, not the machine. */
const isPathsFault = (error: unknown): boolean =>
  error instanceof OutsideError ||
  ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes((error as { code?: string }).code ?? '')

/** `index` tells the mounts of a container apart. */
export async function volumeMount(
  options: VolumeMountOptions,
  mount: VolumeMount,
  index: number,
): Promise<Mount> {
  const { pod, container, volumes, environment } = options
  const { name, mountPath, readOnly = false, mountPropagation = 'None' } = mount
  checkRecursion(mount)
  const place = await volumes.placeOf(pod, name)
  const subPath = subPathOf(mount, environment)
  const rest = {
    // A path that is not absolute is taken from the root.
    containerPath: mountPath.startsWith('/') ? mountPath : `/${mountPath}`,
    readonly: readOnly || place.readonly,
    propagation: PROPAGATION[mountPropagation],
  }
  const isPlain = subPath === undefined && !place.isHostPath && mountPropagation === 'None'
  if (isPlain) return { ...rest, hostPath: place.path }
  try {
    const path =
      subPath === undefined ? place.path : await resolveInside(place.path, subPath, 'refuse')
    return { ...rest, hostPath: await bound(options, mount, { place, path, index }) }
  } catch (cause) {
    if (!isPathsFault(cause)) throw cause
    const title = `volumeMount "${name}" of container "${container.name}"`
    const what = subPath === undefined ? 'hostPath' : 'subPath'
    throw new ConfigError(`failed to prepare ${what} for ${title}`, { cause })
  }
}
