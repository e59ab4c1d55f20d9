// Names in a pod that are told to others: hosts, name servers, gates and conditions.
import { isIP } from 'node:net'
import type { FieldError } from '../definition.ts'
import type { HostAlias, PodDNSConfig, PodSpec } from '../k8s/core.ts'
import { checkDnsSubdomain, checkQualifiedName } from '../names.ts'
import { duplicate, invalid, invalidEach, required } from './field-error.ts'

const LEADING_ZEROS = /\b0+(?=\d)/g
const NOT_AN_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
/** What the C library of Linux takes. */
const NAMESERVERS_MAX = 3
const SEARCHES_MAX = 32
const SEARCH_CHARACTERS_MAX = 2048

/** Zeros before the numbers of an address are still taken, and warned of. */
function validateAddress(address: string, field: string): FieldError[] {
  const plain = address.includes(':') ? address : address.replaceAll(LEADING_ZEROS, '')
  return isIP(plain) !== 0 && !plain.includes('%') ? [] : [invalid(field, address, NOT_AN_ADDRESS)]
}

export function validateHostAliases(aliases: readonly HostAlias[], field: string): FieldError[] {
  return aliases.flatMap(({ ip, hostnames = [] }, index) => [
    ...validateAddress(ip ?? '', `${field}[${index}].ip`),
    ...hostnames.flatMap((name, at) =>
      invalidEach(`${field}[${index}].hostnames[${at}]`, name, checkDnsSubdomain(name)),
    ),
  ])
}

export function validateDnsConfig(config: PodDNSConfig, field: string): FieldError[] {
  const { nameservers = [], searches = [], options = [] } = config
  const errors: FieldError[] = []
  const limit = (name: keyof PodDNSConfig, isOver: boolean, detail: string): void => {
    if (isOver) errors.push(invalid(`${field}.${name}`, config[name], detail))
  }
  const servers = `must not have more than ${NAMESERVERS_MAX} nameservers`
  limit('nameservers', nameservers.length > NAMESERVERS_MAX, servers)
  for (const [index, address] of nameservers.entries())
    errors.push(...validateAddress(address, `${field}.nameservers[${index}]`))
  const paths = `must not have more than ${SEARCHES_MAX} search paths`
  limit('searches', searches.length > SEARCHES_MAX, paths)
  limit(
    'searches',
    searches.join(' ').length > SEARCH_CHARACTERS_MAX,
    `must not have more than ${SEARCH_CHARACTERS_MAX} characters (including spaces) in the search list`,
  )
  for (const [index, search] of searches.entries()) {
    const at = `${field}.searches[${index}]`
    // The root, and a dot at the end that says that the name is whole, are as good as a name; so are
    // underscores, which names of services have.
    const name = search.replace(/\.$/, '')
    if (search !== '.')
      errors.push(...invalidEach(at, name, checkDnsSubdomain(name.replaceAll('_', '0'))))
  }
  for (const [index, { name }] of options.entries())
    if (!name) errors.push(required(`${field}.options[${index}]`, 'must not be empty'))
  return errors
}

/** Gates that hold a pod back, and conditions that it waits for. */
export function validateGateNames(spec: PodSpec, field: string): FieldError[] {
  const seen = new Set<string>()
  return [
    ...(spec.readinessGates ?? []).flatMap(({ conditionType }, index) =>
      invalidEach(
        `${field}.readinessGates[${index}].conditionType`,
        conditionType,
        checkQualifiedName(conditionType),
      ),
    ),
    ...(spec.schedulingGates ?? []).flatMap(({ name }, index) => {
      const at = `${field}.schedulingGates[${index}]`
      const errors = invalidEach(at, name, checkQualifiedName(name))
      if (seen.has(name)) errors.push(duplicate(at, name))
      seen.add(name)
      return errors
    }),
  ]
}
