// Writes all that a machine's containerd reads.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '#base/atomic-file.ts'
import { gatewayPorts } from '#base/ports.ts'
import { bundleIds } from '#linux/machine-processes.ts'
import {
  POD_NETWORK,
  registryHosts,
  renderContainerdConfig,
  renderPodNetwork,
  renderRegistryHosts,
} from './containerd-config.ts'
import type { MachinePlaces } from './machine-places.ts'
import type { ClusterPlan, MachineAddresses } from './network-plan.ts'
import { ensureStreamingCertificate } from './streaming-certificate.ts'

export interface MachineDirectoryOptions {
  places: MachinePlaces
  plan: ClusterPlan
  addresses: MachineAddresses
  mtu: number
  registryCaPem: string
  /** The registry's port on loopback, by which users name images. */
  registryPort: number
  nowMs: number
}

/** Debian's place and the upstream one. */
const CNI_BINARIES = ['/usr/lib/cni', '/opt/cni/bin']
const CAP_SYS_RESOURCE = 24n

function findCniBinaries(): string {
  const found = CNI_BINARIES.find((directory) => existsSync(path.join(directory, 'ptp')))
  if (found === undefined)
    throw new Error(
      `no CNI plugins in ${CNI_BINARIES.join(' or ')}; install containernetworking-plugins`,
    )
  return found
}

function hasCapability(capability: bigint): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return ((BigInt(`0x${effective ?? '0'}`) >> capability) & 1n) === 1n
}

/** Written only when different: an fsync for each file of each start adds up. */
function writeIfChanged(file: string, content: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return
  writeFileAtomic(file, content, { mode: 0o644 })
}

export async function ensureMachineDirectory(options: MachineDirectoryOptions): Promise<void> {
  const { places, plan, addresses, mtu, registryCaPem, registryPort, nowMs } = options
  for (const directory of [places.root, places.cniConfigs, places.cniReservations, places.runDir])
    mkdirSync(directory, { recursive: true, mode: 0o711 })
  mkdirSync(places.registries, { recursive: true })
  writeIfChanged(places.registryCa, registryCaPem)
  const registryUrl = `https://${plan.gatewayAddress}:${gatewayPorts.registry}`
  for (const host of registryHosts(registryPort)) {
    mkdirSync(path.join(places.registries, host), { recursive: true })
    writeIfChanged(
      path.join(places.registries, host, 'hosts.toml'),
      renderRegistryHosts(registryUrl, places.registryCa),
    )
  }
  const { podCIDR, address } = addresses
  writeIfChanged(
    path.join(places.cniConfigs, '10-pods.conflist'),
    renderPodNetwork({ podCIDR, reservations: places.cniReservations, mtu }),
  )
  await ensureStreamingCertificate({
    certificateFile: places.certificate,
    keyFile: places.key,
    address,
    nowMs,
  })
  writeIfChanged(
    places.config,
    renderContainerdConfig({
      places,
      address,
      cniBinaries: findCniBinaries(),
      maySetOomScores: hasCapability(CAP_SYS_RESOURCE),
    }),
  )
}

/**
 * Frees pod addresses of sandboxes that are gone (after a reboot, or when all was killed): host-local
 * forgets an address only when it is asked to. Call while containerd does not run.
 */
export function releaseDeadReservations(places: MachinePlaces): number {
  const directory = path.join(places.cniReservations, POD_NETWORK)
  if (!existsSync(directory)) return 0
  const alive = new Set(bundleIds(places.state))
  let released = 0
  for (const address of readdirSync(directory)) {
    if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) continue
    // "<sandbox id>\r\n<interface>"
    const [sandbox = ''] = readFileSync(path.join(directory, address), 'utf8').split(/\r?\n/)
    if (alive.has(sandbox.trim())) continue
    rmSync(path.join(directory, address))
    released++
  }
  return released
}
