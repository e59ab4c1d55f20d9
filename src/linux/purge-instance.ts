// Removes everything of an instance that the computer can see, except its data directory. Goes by
// names, so that it works without an engine, twice, and after a crash half-way.
import { rmSync } from 'node:fs'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { openCgroups } from './cgroups.ts'
import { CLAIMS_FILE, loadBalancerBlocks, openClaims } from './claims.ts'
import { overlaps, parseCidr } from './cidr.ts'
import { removeFromHostFilter } from './host-filter.ts'
import { instanceNames } from './instance-names.ts'
import { ipBatch, listAddresses, listLinks, removeHostRoutes } from './links.ts'
import { unmountUnder } from './mounts.ts'
import { deleteNetworkNamespace, listNetworkNamespaces } from './network-namespaces.ts'
import { openNftSession } from './nft.ts'
import { stopInstance } from './stop-instance.ts'

export interface PurgeInstanceOptions {
  instance: { id: string; dataDir: string; runDir: string }
  clock: Clock
  log: Logger
  /** Only a test has claims of its own. */
  claimsFile?: string
}

/** The processes of ccs itself (engine, registry, edge) must have ended before. */
export async function purgeInstance(options: PurgeInstanceOptions): Promise<void> {
  const { instance, clock, log, claimsFile = CLAIMS_FILE } = options
  const names = instanceNames(instance.id)
  await stopInstance({ instance, podsGraceMs: 0, clock })
  const tree = openCgroups()
  await tree.kill(names.cgroup, clock)
  await unmountUnder(instance.runDir)
  // The data directory may be a disk that the user mounted there.
  await unmountUnder(instance.dataDir, { keepItself: true })
  tree.remove(names.cgroup)

  // Links before namespaces: the kernel takes its time with the links of a namespace that goes.
  const links = (await listLinks()).filter(({ name }) => name.startsWith(names.linkPrefix))
  await ipBatch(links.map(({ name }) => `link delete ${name}`))
  const namespaces = listNetworkNamespaces().filter((name) =>
    name.startsWith(names.namespacePrefix),
  )
  for (const namespace of namespaces) await deleteNetworkNamespace(namespace)

  await removeTables(names, log)
  const claims = openClaims({ instance, file: claimsFile })
  await removeLoadBalancerAddresses(await claims.loadBalancers())
  await removeHostRoutes(await claims.clusterBlocks())
  await claims.releaseAll()
  rmSync(instance.runDir, { recursive: true, force: true })
}

async function removeTables(
  names: { table: string; ruleComment: string },
  log: Logger,
): Promise<void> {
  const session = openNftSession({ log })
  try {
    await removeFromHostFilter(session, names.ruleComment)
    const ours = (await session.query('list tables'))
      .split('\n')
      .map((line) => /^table (\S+) (\S+)/.exec(line))
      .filter((match) => match !== null)
      .filter(([, , name]) => name === names.table || name!.startsWith(`${names.table}-`))
    const commands = ours.map(([, family, name]) => `delete table ${family} ${name}`)
    if (commands.length > 0) await session.apply(`${commands.join('\n')}\n`)
  } finally {
    await session.close()
  }
}

async function removeLoadBalancerAddresses(block: string | undefined): Promise<void> {
  if (block === undefined || !loadBalancerBlocks.includes(block)) return
  const range = parseCidr(block)
  const ours = (await listAddresses('lo')).filter((address) => overlaps(parseCidr(address), range))
  await ipBatch(ours.map((address) => `addr delete ${address} dev lo`))
}
