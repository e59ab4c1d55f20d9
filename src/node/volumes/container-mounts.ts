// What a container sees of the machine's file system.
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '../container/config-error.ts'
import { hostsFile } from '../container/hosts-file.ts'
import { hostsPath, terminationFile } from '../container/pod-places.ts'
import type { Mount } from '../runtime/runtime.ts'
import { type VolumeMountOptions, volumeMount } from './volume-mount.ts'

export interface MountOptions extends VolumeMountOptions {
  attempt: number
  addresses: readonly string[]
  domain: string
}

const plainMount = (containerPath: string, hostPath: string): Mount => ({
  containerPath,
  hostPath,
  readonly: false,
  propagation: 'PROPAGATION_PRIVATE',
})

async function hostsMount(options: MountOptions): Promise<Mount[]> {
  const { pod, container, places, addresses, domain } = options
  const paths = (container.volumeMounts ?? []).map(({ mountPath }) => path.resolve('/', mountPath))
  if (paths.includes('/etc/hosts')) return []
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
    (options.container.volumeMounts ?? []).map((mount, index) =>
      volumeMount(options, mount, index),
    ),
  )
  return [...own, ...(await hostsMount(options)), ...(await terminationMount(options))]
}
