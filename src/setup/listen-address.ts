// The address for `ccs up --listen`: which there are on this computer, and which of them the outside uses.
import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { SetupError } from './setup-error.ts'

export interface HostAddress {
  link: string
  address: string
  isDefault: boolean
}

/** The link of the default route in `/proc/net/route`, if there is one: the one with the lowest metric. */
export function defaultLink(table: string): string | undefined {
  const routes = table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
  return routes.toSorted((a, b) => Number(a[6]) - Number(b[6]))[0]?.[0]
}

/** Links of clusters, and bridges of Docker and libvirt, lead to nobody outside. */
const isInward = (link: string) => /^(ccs|docker|br-|veth|virbr|cni|lo$)/.test(link)

/** IPv4 addresses by which others may reach this computer, those of the default route first. */
export function hostAddresses(): HostAddress[] {
  const outward = defaultLink(readFileSync('/proc/net/route', 'utf8'))
  return Object.entries(networkInterfaces())
    .filter(([link]) => !isInward(link))
    .flatMap(([link, addresses = []]) =>
      addresses
        .filter(({ family, internal }) => family === 'IPv4' && !internal)
        .map(({ address }) => ({ link, address, isDefault: link === outward })),
    )
    .toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault))
}

/** Refuses what is no address of this computer, naming those that are. */
export function checkListenAddress(given: string, known: readonly HostAddress[]): void {
  if (known.some(({ address }) => address === given)) return
  const list = known
    .map(
      ({ address, link, isDefault }) =>
        `${address} (${link}${isDefault ? ', to the outside' : ''})`,
    )
    .join(', ')
  const there = list === '' ? 'It has none beyond loopback' : `There are: ${list}`
  const why = !isIPv4(given)
    ? `"${given}" is no IPv4 address`
    : given === '0.0.0.0'
      ? '0.0.0.0 is every address, also those of clusters; name one'
      : given.startsWith('127.')
        ? `${given} is loopback, where ccs listens anyway`
        : `${given} is no address of this computer`
  throw new SetupError(`--listen: ${why}. ${there}`)
}
