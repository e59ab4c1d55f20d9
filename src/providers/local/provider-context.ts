// What every part of the local provider holds.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import type { CgroupTree } from '#linux/cgroups.ts'
import type { Claims } from '#linux/claims.ts'
import type { InstanceNames } from '#linux/instance-names.ts'
import type { NftSession } from '#linux/nft.ts'

export interface ProviderContext {
  instance: { id: string; dataDir: string; runDir: string }
  hub: Client
  informers: InformerFactory
  /** The API of a member cluster; undefined while it is not served. */
  clusterClient: (name: string) => Client | undefined
  registryCaPem: string
  registryPort: number
  clock: Clock
  random: Random
  log: Logger
  names: InstanceNames
  tree: CgroupTree
  claims: Claims
  hostNft: NftSession
  /** MTU of everything that leads to pods. */
  mtu: number
}
