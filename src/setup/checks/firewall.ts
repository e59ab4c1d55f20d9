// Firewalls that would keep back what containers send and get. Rules in nftables, also those that Docker and ufw write
// there, get ours in front of them while an instance runs; what we cannot mend is told with the command that does.
import { existsSync, readFileSync } from 'node:fs'
import { silentLogger } from '#base/log.ts'
import {
  type ChainListing,
  type HostChain,
  listHostChains,
  mayDrop,
  missingAccepts,
  nameOfChain,
  readHostChain,
} from '#linux/host-filter.ts'
import { instanceNames } from '#linux/instance-names.ts'
import { openNftSession } from '#linux/nft.ts'
import { run } from '#linux/run.ts'
import { type Check, fail, type Finding, ok, warn } from './check.ts'

export interface FirewallReadings {
  chains: readonly { chain: HostChain; listing: ChainListing }[]
  /** What `iptables-legacy -S` prints; undefined where the kernel has no such tables. */
  legacy: string | undefined
  /** Marks of the instance: its rules' comment, the beginning of its links' names. */
  mark: { comment: string; linkPrefix: string }
  isRunning: boolean
}

/** Every cluster's addresses: the blocks of linux/claims.ts. */
const ALL_CLUSTERS = '10.64.0.0/10'

/** Our rules are missing in a chain that may drop: the guard could not put them there, or nothing of ours runs. */
function judgeClosed(
  { chain, listing }: FirewallReadings['chains'][number],
  mark: FirewallReadings['mark'],
): Finding {
  const found = `chain ${nameOfChain(chain)} of the host's firewall may drop what containers send, and holds no accept rule of ours`
  // Its chains can belong to its process. Whether it trusts our addresses is not to be seen in them.
  if (chain.table === 'firewalld')
    return warn(
      `${found}; this is well once firewalld trusts ${ALL_CLUSTERS}`,
      `firewall-cmd --permanent --zone=trusted --add-source=${ALL_CLUSTERS} && firewall-cmd --reload`,
    )
  const commands = missingAccepts(chain, listing, mark)
  return fail(found, commands.map((command) => `nft '${command}'`).join(' && '))
}

/** Chains of iptables-legacy that drop; it has no sets of rules that we could tell apart, so any drop counts. */
export function droppingLegacyChains(rules: string): string[] {
  return ['FORWARD', 'INPUT'].filter((chain) =>
    new RegExp(`^-P ${chain} DROP|^-A ${chain} .*-j (DROP|REJECT)`, 'm').test(rules),
  )
}

function judgeLegacy(rules: string, linkPrefix: string): Finding[] {
  const chains = droppingLegacyChains(rules).filter(
    (chain) => !rules.includes(`-A ${chain} -i ${linkPrefix}+ -j ACCEPT`),
  )
  if (chains.length === 0) return []
  const commands = chains.flatMap((chain) => [
    `iptables-legacy -I ${chain} -i ${linkPrefix}+ -j ACCEPT`,
    ...(chain === 'FORWARD' ? [`iptables-legacy -I ${chain} -o ${linkPrefix}+ -j ACCEPT`] : []),
  ])
  return [
    fail(
      `rules of iptables-legacy in ${chains.join(' and ')} drop what containers send`,
      commands.join(' && '),
    ),
  ]
}

export function judgeFirewall({ chains, legacy, mark, isRunning }: FirewallReadings): Finding[] {
  const findings = legacy === undefined ? [] : judgeLegacy(legacy, mark.linkPrefix)
  const dropping = chains.filter(({ listing }) => mayDrop(listing))
  const closed = dropping.filter(
    ({ chain, listing }) => isRunning && missingAccepts(chain, listing, mark).length > 0,
  )
  findings.push(...closed.map((one) => judgeClosed(one, mark)))
  if (findings.length > 0) return findings
  const names = dropping.map(({ chain }) => nameOfChain(chain)).join(', ')
  if (dropping.length === 0) return [ok('no chain drops what is forwarded or comes in')]
  return [
    ok(
      isRunning
        ? `${names}: our accept rules stand in front`
        : `${names}: 'ccs up' adds accept rules`,
    ),
  ]
}

async function readLegacy(): Promise<string | undefined> {
  const names = '/proc/net/ip_tables_names'
  // The kernel lists tables once something was put into them; reading rules would make them.
  if (!existsSync(names) || !/^filter$/m.test(readFileSync(names, 'utf8'))) return undefined
  return run(['iptables-legacy', '-S'])
}

async function readChains(netnsPath: string | undefined): Promise<FirewallReadings['chains']> {
  const session = openNftSession({
    log: silentLogger,
    ...(netnsPath === undefined ? {} : { netnsPath }),
  })
  try {
    const read: { chain: HostChain; listing: ChainListing }[] = []
    for (const chain of await listHostChains(session)) {
      const listing = await readHostChain(session, chain)
      if (listing !== undefined) read.push({ chain, listing })
    }
    return read
  } finally {
    await session.close()
  }
}

export interface FirewallSubject {
  id: string
  isRunning: boolean
  /** A namespace to look into instead of the host's, for tests. */
  netnsPath?: string
}

export const firewallCheck: Check<FirewallSubject> = {
  name: 'firewall',
  async look({ id, isRunning, netnsPath }) {
    const { ruleComment: comment, linkPrefix } = instanceNames(id)
    const chains = await readChains(netnsPath)
    let legacy: string | undefined
    try {
      legacy = await readLegacy()
    } catch (error) {
      return [
        warn(
          `the kernel holds rules of iptables-legacy that cannot be read: ${(error as Error).message}`,
          'apt-get install -y iptables, then look again',
        ),
      ]
    }
    return judgeFirewall({ chains, legacy, mark: { comment, linkPrefix }, isRunning })
  },
}
