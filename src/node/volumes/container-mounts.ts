// What a container sees of the machine's file system.
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Container, Pod, VolumeMount } from '#kinds/k8s/core.ts'
import { ConfigError } from '../container/config-error.ts'
import { expand } from '../container/expand.ts'
import { hostsFile } from '../container/hosts-file.ts'
import { type PodPlaces, hostsPath, terminationFile } from '../container/pod-places.ts'
import type { Mount } from '../runtime/runtime.ts'
import { subPathOf } from './inside.ts'
import type { PodVolumes } from './pod-volumes.ts'

const PROPAGATION = {
  None: 'PROPAGATION_PRIVATE',
  HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
} as const

export interface MountOptions {
  pod: Pod
  container: Container
  attempt: number
  places: PodPlaces
  volumes: PodVolumes
  environment: ReadonlyMap<string, string>
  addresses: readonly string[]
  domain: string
}

const plainMount = (containerPath: string, hostPath: string): Mount => ({
  containerPath,
  hostPath,
  readonly: false,
  propagation: 'PROPAGATION_PRIVATE',
})

async function volumeMount(options: MountOptions, mount: VolumeMount): Promise<Mount> {
  const { pod, volumes, environment } = options
  const place = await volumes.placeOf(pod, mount.name)
  const subPath = mount.subPathExpr ? expand(mount.subPathExpr, environment) : mount.subPath
  return {
    containerPath: path.resolve('/', mount.mountPath),
    hostPath: subPath ? await subPathOf(place, subPath) : place,
    readonly: mount.readOnly ?? false,
    propagation: PROPAGATION[mount.mountPropagation ?? 'None'],
  }
}

async function hostsMount(options: MountOptions): Promise<Mount[]> {
  const { pod, container, places, addresses, domain } = options
  const own = container.volumeMounts?.some(({ mountPath }) => mountPath === '/etc/hosts') ?? false
  const machines = pod.spec.hostNetwork === true && (pod.spec.hostAliases ?? []).length === 0
  if (own || machines) return []
  await writeFile(hostsPath(places), hostsFile(pod, addresses, domain), { mode: 0o644 })
  return [plainMount('/etc/hosts', hostsPath(places))]
}

async function terminationMount(options: MountOptions): Promise<Mount[]> {
  const { container, attempt, places } = options
  const target = container.terminationMessagePath
  if (!target) return []
  const file = terminationFile(places, container.name, attempt)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, '')
  // Containers may run as any user. Not as the file's first mode: the umask would cut that.
  await chmod(file, 0o666)
  return [plainMount(target, file)]
}

export async function containerMounts(options: MountOptions): Promise<Mount[]> {
  if ((options.container.volumeDevices ?? []).length > 0)
    throw new ConfigError('block devices are not supported')
  await mkdir(options.places.directory, { recursive: true })
  const own = await Promise.all(
    (options.container.volumeMounts ?? []).map((mount) => volumeMount(options, mount)),
  )
  return [...own, ...(await hostsMount(options)), ...(await terminationMount(options))]
}
