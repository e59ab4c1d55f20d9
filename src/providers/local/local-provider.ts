// The local provider: clusters and machines as namespaces, cgroups and containerds of this computer.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import { openCgroups } from '#linux/cgroups.ts'
import { openClaims } from '#linux/claims.ts'
import { instanceNames } from '#linux/instance-names.ts'
import { outsideMtu } from '#linux/links.ts'
import { openNftSession } from '#linux/nft.ts'
import { ClusterController } from './cluster-controller.ts'
import { ClusterNetworks } from './cluster-networks.ts'
import { createHostFilterGuard } from './host-filter-guard.ts'
import { MachineController } from './machine-controller.ts'
import { createMachineProber } from './machine-prober.ts'

export interface LocalProviderOptions {
  instance: { id: string; dataDir: string; runDir: string }
  hub: Client
  informers: InformerFactory
  /** The API of a member cluster; undefined while it is not served. */
  clusterClient: (name: string) => Client | undefined
  /** Who signed the registry's certificate on the gateways. */
  registryCaPem: string
  /** The registry's port on loopback: images named "localhost:PORT/..." are found there. */
  registryPort: number
  clock: Clock
  random: Random
  log: Logger
  /** Only a test has claims of its own. */
  claimsFile?: string
}

export interface LocalProvider {
  /** Begins to reconcile once the informers have synced. */
  start(): Promise<void>
  /** Stops reconciling; machines go on. */
  stop(): Promise<void>
  /** Whether a machine's network answers and its containerd lives, as of a quarter second ago. */
  isAnswering(machine: string): boolean
}

export async function createLocalProvider(options: LocalProviderOptions): Promise<LocalProvider> {
  const { instance, claimsFile, informers, clock } = options
  const log = options.log.child({ provider: 'local' })
  const names = instanceNames(instance.id)
  const hostNft = openNftSession({ log })
  const context = {
    ...options,
    log,
    names,
    tree: openCgroups(),
    claims: openClaims({ instance, ...(claimsFile === undefined ? {} : { file: claimsFile }) }),
    hostNft,
    mtu: await outsideMtu(),
  }
  const networks = new ClusterNetworks()
  const guard = createHostFilterGuard({ session: hostNft, names, clock, log })
  const prober = createMachineProber({
    clock,
    onChange(name, isAnswering) {
      log.info(isAnswering ? 'machine answers' : 'machine does not answer', { machine: name })
      machineController.enqueue(name)
    },
  })
  const machineController = new MachineController(context, networks, prober)
  const clusterController = new ClusterController(context, networks)

  return {
    async start() {
      await informers.synced()
      guard.start()
      machineController.start()
      clusterController.start()
    },
    async stop() {
      guard.stop()
      prober.stop()
      await Promise.all([clusterController.stop(), machineController.stop()])
      await hostNft.close()
    },
    isAnswering: (machine) => prober.isAnswering(machine),
  }
}
