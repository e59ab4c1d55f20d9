// Accept rules in the host's own filter chains. Docker, ufw, an administrator's nftables.conf and others drop what they do
// not know when it is forwarded or comes in; a drop there is final whatever our table says, so our rules must
// stand in front of theirs. They bear our comment, by which they are found and removed.
import { NftError, type NftSession } from './nft.ts'

type Hook = 'forward' | 'input'

/** A base chain of somebody else that packets of ours pass. */
export interface HostChain {
  family: 'ip' | 'inet'
  table: string
  name: string
  hook: Hook
}

export interface ChainListing {
  policy: 'accept' | 'drop'
  rules: { text: string; handle: number }[]
}

export const nameOfChain = ({ family, table, name }: HostChain): string =>
  `${family} ${table} ${name}`

/** Tables of instances of ccs; each takes care of its own. */
const isOfInstance = (table: string) => table.startsWith('ccs-')

/** The chains of others among what `nft list chains` prints that may keep back what is forwarded or comes in. */
export function parseChains(listing: string): HostChain[] {
  const found: HostChain[] = []
  let table: { family: string; name: string } | undefined
  let chain = ''
  for (const line of listing.split('\n')) {
    const [, family, tableName] = /^table (\S+) (\S+) \{/.exec(line) ?? []
    if (family !== undefined) table = { family, name: tableName! }
    chain = /^\tchain (\S+) \{/.exec(line)?.[1] ?? chain
    const hook = /^\t\ttype filter hook (forward|input) /.exec(line)?.[1] as Hook | undefined
    if (hook === undefined || table === undefined || isOfInstance(table.name)) continue
    if (table.family === 'ip' || table.family === 'inet')
      found.push({ family: table.family, table: table.name, name: chain, hook })
  }
  return found
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

/** Whether a rule of somebody else keeps packets back, or hands them to one that may. */
const mayKeepBack = ({ text }: { text: string }) => /\b(drop|reject|jump|goto|queue)\b/.test(text)

export const mayDrop = ({ policy, rules }: ChainListing): boolean =>
  policy === 'drop' || rules.some(mayKeepBack)

/** Which way our packets pass a chain: both when they are forwarded. */
const DIRECTIONS: Readonly<Record<Hook, readonly string[]>> = {
  forward: ['iifname', 'oifname'],
  input: ['iifname'],
}

/** Commands that bring our rules into a chain which may drop; none when they are there. */
export function missingAccepts(
  chain: HostChain,
  listing: ChainListing,
  { comment, linkPrefix }: Mark,
): string[] {
  if (!mayDrop(listing)) return []
  const ours = listing.rules.filter((rule) => isOurs(rule, comment))
  return DIRECTIONS[chain.hook]
    .filter((direction) => !ours.some((rule) => rule.text.startsWith(direction)))
    .map(
      (direction) =>
        `insert rule ${nameOfChain(chain)} ${direction} "${linkPrefix}*" counter accept comment "${comment}"`,
    )
}

export async function listHostChains(session: NftSession): Promise<HostChain[]> {
  return parseChains(await session.query('list chains'))
}

export async function readHostChain(
  session: NftSession,
  chain: HostChain,
): Promise<ChainListing | undefined> {
  try {
    return parseChain(await session.query(`list chain ${nameOfChain(chain)}`))
  } catch (error) {
    // Removed since it was listed: it drops nothing any more.
    if (error instanceof NftError && error.message.includes('No such file')) return undefined
    throw error
  }
}

/**
 * Puts our rules where they are needed and missing; returns the chains that were changed. A chain that lets nobody in, as
 * those of firewalld that belong to its process, is no reason to leave out the others: the first refusal is thrown at
 * the end.
 */
export async function acceptInHostFilter(session: NftSession, mark: Mark): Promise<string[]> {
  const changed: string[] = []
  const refusals: unknown[] = []
  for (const chain of await listHostChains(session)) {
    const listing = await readHostChain(session, chain)
    const commands = listing === undefined ? [] : missingAccepts(chain, listing, mark)
    if (commands.length === 0) continue
    try {
      await session.apply(`${commands.join('\n')}\n`)
      changed.push(nameOfChain(chain))
    } catch (error) {
      refusals.push(error)
    }
  }
  if (refusals.length > 0) throw new Error('a chain takes no rules of ours', { cause: refusals[0] })
  return changed
}

export async function removeFromHostFilter(session: NftSession, comment: string): Promise<void> {
  for (const chain of await listHostChains(session)) {
    const rules = (await readHostChain(session, chain))?.rules ?? []
    const commands = rules
      .filter((rule) => isOurs(rule, comment))
      .map(({ handle }) => `delete rule ${nameOfChain(chain)} handle ${handle}`)
    if (commands.length > 0) await session.apply(`${commands.join('\n')}\n`)
  }
}
