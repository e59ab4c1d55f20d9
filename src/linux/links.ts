// Links, addresses and routes, by batches of iproute2: one process for many changes.
import { existsSync } from 'node:fs'
import { type Cidr, parseCidr } from './cidr.ts'
import { CommandError, run } from './run.ts'

/** Length of a link's name that the kernel allows (IFNAMSIZ less its zero). */
export const LINK_NAME_LENGTH_MAX = 15

const ipArgv = (namespace: string | undefined, ...rest: string[]): string[] =>
  namespace === undefined ? ['ip', ...rest] : ['ip', '-n', namespace, ...rest]

/** Runs lines such as "addr replace 10.0.0.1/24 dev eth0" in order; stops at the first that fails. */
export async function ipBatch(
  commands: readonly string[],
  options: { namespace?: string } = {},
): Promise<void> {
  if (commands.length === 0) return
  const input = `${commands.join('\n')}\n`
  try {
    await run(ipArgv(options.namespace, '-batch', '-'), { input })
  } catch (error) {
    // "Command failed -:3": the line that failed, counted from 1.
    const line = /Command failed -:(\d+)/.exec(error instanceof CommandError ? error.stderr : '')
    if (line === null) throw error
    const place = options.namespace === undefined ? '' : ` in ${options.namespace}`
    throw new Error(`'ip ${commands[Number(line[1]) - 1]}'${place} failed`, { cause: error })
  }
}

/** Whether the host has a link of this name. */
export const hasHostLink = (name: string): boolean => existsSync(`/sys/class/net/${name}`)

interface LinkJson {
  ifname: string
  mtu: number
}

export async function listLinks(namespace?: string): Promise<{ name: string; mtu: number }[]> {
  const text = await run(ipArgv(namespace, '-json', 'link', 'show'))
  return (JSON.parse(text || '[]') as LinkJson[]).map(({ ifname, mtu }) => ({ name: ifname, mtu }))
}

export interface Route {
  /** The default route is 0.0.0.0/0. */
  destination: Cidr
  device: string | undefined
}

interface RouteJson {
  dst: string
  dev?: string
}

/** The host's IPv4 routes of all tables, its own addresses among them. */
export async function listHostRoutes(): Promise<Route[]> {
  const text = await run(['ip', '-json', '-4', 'route', 'show', 'table', 'all'])
  return (JSON.parse(text || '[]') as RouteJson[]).map(({ dst, dev }) => ({
    destination: parseCidr(dst === 'default' ? '0.0.0.0/0' : dst),
    device: dev,
  }))
}

/** Removes routes to exactly these blocks; those through a link go with it, others stay until then. */
export const removeHostRoutes = (blocks: readonly string[]): Promise<void> =>
  ipBatch(blocks.map((block) => `route flush exact ${block}`))

/** MTU of the link to the outside, so that nothing inside sends larger packets; 1500 without one. */
export async function outsideMtu(): Promise<number> {
  const routes = await listHostRoutes()
  const device = routes.find((route) => route.destination.prefix === 0)?.device
  const links = device === undefined ? [] : await listLinks()
  return links.find((link) => link.name === device)?.mtu ?? 1500
}

interface AddressJson {
  addr_info?: { family: string; local: string; prefixlen: number }[]
}

/** IPv4 addresses of a link of the host, such as "10.0.0.1/32". */
export async function listAddresses(link: string): Promise<string[]> {
  const text = await run(['ip', '-json', 'addr', 'show', 'dev', link])
  return (JSON.parse(text || '[]') as AddressJson[])
    .flatMap(({ addr_info: addresses = [] }) => addresses)
    .filter(({ family }) => family === 'inet')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
}
