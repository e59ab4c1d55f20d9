// Accept rules in the host's own filter table. Docker, ufw and others let its FORWARD or INPUT chain
// drop what they do not know; a drop there is final whatever our table says, so our rules must
// stand in front. They bear our comment, by which they are found and removed.
import { NftError, type NftSession } from './nft.ts'

const CHAINS = ['FORWARD', 'INPUT'] as const

export interface ChainListing {
  policy: 'accept' | 'drop'
  rules: { text: string; handle: number }[]
}

/** Reads `nft -a list chain`, or says undefined for what is no base chain. */
export function parseChain(listing: string): ChainListing | undefined {
  const policy = /^\s*type filter hook .* policy (accept|drop);/m.exec(listing)?.[1]
  if (policy !== 'accept' && policy !== 'drop') return undefined
  const rules: ChainListing['rules'] = []
  for (const line of listing.split('\n')) {
    const rule = /^\t\t(?!type )(.*) # handle (\d+)$/.exec(line)
    if (rule !== null) rules.push({ text: rule[1]!, handle: Number(rule[2]) })
  }
  return { policy, rules }
}

interface Mark {
  comment: string
  /** Links whose name begins so are ours. */
  linkPrefix: string
}

const isOurs = (rule: { text: string }, comment: string) =>
  rule.text.includes(`comment "${comment}"`)

/** Commands that bring our rules into a chain which may drop; none when they are there. */
export function missingAccepts(
  chain: (typeof CHAINS)[number],
  { policy, rules }: ChainListing,
  { comment, linkPrefix }: Mark,
): string[] {
  const ours = rules.filter((rule) => isOurs(rule, comment))
  const mayDrop = policy === 'drop' || rules.length > ours.length
  const directions = chain === 'FORWARD' ? ['iifname', 'oifname'] : ['iifname']
  if (!mayDrop || ours.length >= directions.length) return []
  return directions
    .filter((direction) => !ours.some((rule) => rule.text.startsWith(direction)))
    .map(
      (direction) =>
        `insert rule ip filter ${chain} ${direction} "${linkPrefix}*" counter accept comment "${comment}"`,
    )
}

async function listChain(session: NftSession, chain: string): Promise<ChainListing | undefined> {
  try {
    return parseChain(await session.query(`list chain ip filter ${chain}`))
  } catch (error) {
    // A host without this table drops nothing in it.
    if (error instanceof NftError && error.message.includes('No such file')) return undefined
    throw error
  }
}

/** Puts our rules where they are needed and missing; returns the chains that were changed. */
export async function acceptInHostFilter(session: NftSession, mark: Mark): Promise<string[]> {
  const changed: string[] = []
  for (const chain of CHAINS) {
    const listing = await listChain(session, chain)
    const commands = listing === undefined ? [] : missingAccepts(chain, listing, mark)
    if (commands.length === 0) continue
    await session.apply(`${commands.join('\n')}\n`)
    changed.push(chain)
  }
  return changed
}

export async function removeFromHostFilter(session: NftSession, comment: string): Promise<void> {
  for (const chain of CHAINS) {
    const rules = (await listChain(session, chain))?.rules ?? []
    const commands = rules
      .filter((rule) => isOurs(rule, comment))
      .map(({ handle }) => `delete rule ip filter ${chain} handle ${handle}`)
    if (commands.length > 0) await session.apply(`${commands.join('\n')}\n`)
  }
}
