import path from 'node:path'
import { type MachineDirectories, hostData, hostRoot, kernelRoot } from '../container/pod-places.ts'
import { KERNEL_DIRECTORIES } from './host-path.ts'
import type { VolumeMounts } from './volume-mounts.ts'

/** What hostPath volumes are taken from. */
export async function showHost(machine: MachineDirectories, mounts: VolumeMounts): Promise<void> {
  // Shared, so that what a container mounts with propagation is seen by others of this machine.
  await mounts.show(hostData(machine), hostRoot(machine), { readonly: false, shared: true })
  // Without what is mounted below: a bind is read-only itself, but its submounts are not.
  for (const name of KERNEL_DIRECTORIES) {
    const target = path.join(kernelRoot(machine), name)
    await mounts.show(`/${name}`, target, { readonly: true, shared: false })
  }
}
