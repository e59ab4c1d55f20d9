// Whom pods may talk to: ports and peers of a NetworkPolicy.
import { BlockList, isIP } from 'node:net'
import type { FieldError } from '../definition.ts'
import type {
  IPBlock,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../k8s/networking.ts'
import { checkPortNumber } from '../names.ts'
import { forbidden, invalid, invalidEach, notSupported, required } from './field-error.ts'
import { validateAddressBlock } from './ip-address.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validatePortNumberOrName } from './ports.ts'

const PROTOCOLS = ['TCP', 'UDP', 'SCTP']
const POLICY_TYPES = ['Ingress', 'Egress']

export function validateNetworkPolicy(spec: NetworkPolicySpec, field: string): FieldError[] {
  const { podSelector = {}, ingress = [], egress = [], policyTypes = [] } = spec
  const errors = validateLabelSelector(podSelector, `${field}.podSelector`)
  for (const [index, { ports, from }] of ingress.entries())
    errors.push(...validateRule({ ports, peers: from }, `${field}.ingress[${index}]`, 'from'))
  for (const [index, { ports, to }] of egress.entries())
    errors.push(...validateRule({ ports, peers: to }, `${field}.egress[${index}]`, 'to'))
  const at = `${field}.policyTypes`
  if (policyTypes.length > POLICY_TYPES.length)
    return [...errors, invalid(at, policyTypes, 'may not specify more than two policyTypes')]
  for (const [index, type] of policyTypes.entries())
    if (!POLICY_TYPES.includes(type))
      errors.push(notSupported(`${at}[${index}]`, type, POLICY_TYPES))
  return errors
}

interface Rule {
  ports: NetworkPolicyPort[] | undefined
  peers: NetworkPolicyPeer[] | undefined
}

function validateRule({ ports, peers }: Rule, field: string, side: 'from' | 'to'): FieldError[] {
  return [
    ...(ports ?? []).flatMap((port, index) => validatePort(port, `${field}.ports[${index}]`)),
    ...(peers ?? []).flatMap((peer, index) => validatePeer(peer, `${field}.${side}[${index}]`)),
  ]
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (protocol !== undefined && !PROTOCOLS.includes(protocol))
    errors.push(notSupported(`${field}.protocol`, protocol, PROTOCOLS))
  const at = `${field}.endPort`
  if (port === undefined)
    return endPort === undefined
      ? errors
      : [...errors, invalid(at, endPort, 'may not be specified when `port` is not specified')]
  const portErrors = validatePortNumberOrName(`${field}.port`, port)
  if (endPort === undefined) return [...errors, ...portErrors]
  if (typeof port === 'string') {
    errors.push(invalid(at, endPort, 'may not be specified when `port` is non-numeric'))
    return [...errors, ...portErrors]
  }
  errors.push(...portErrors)
  if (endPort < port) errors.push(invalid(at, port, 'must be greater than or equal to `port`'))
  return [...errors, ...invalidEach(at, endPort, checkPortNumber(endPort))]
}

function validatePeer(peer: NetworkPolicyPeer, field: string): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer
  const errors: FieldError[] = []
  for (const [name, selector] of Object.entries({ podSelector, namespaceSelector }))
    if (selector !== undefined) errors.push(...validateLabelSelector(selector, `${field}.${name}`))
  if (ipBlock !== undefined) errors.push(...validateBlock(ipBlock, `${field}.ipBlock`))
  const isSelecting = podSelector !== undefined || namespaceSelector !== undefined
  if (!isSelecting && ipBlock === undefined) errors.push(required(field, 'must specify a peer'))
  if (isSelecting && ipBlock !== undefined)
    errors.push(forbidden(field, 'may not specify both ipBlock and another peer'))
  return errors
}

function validateBlock({ cidr, except = [] }: IPBlock, field: string): FieldError[] {
  if (!cidr) return [required(`${field}.cidr`)]
  const errors = validateAddressBlock(`${field}.cidr`, cidr)
  if (errors.length > 0) return errors
  return except.flatMap((inner, index) => {
    const at = `${field}.except[${index}]`
    const problems = validateAddressBlock(at, inner)
    if (problems.length > 0 || isStrictlyWithin(inner, cidr)) return problems
    return [invalid(at, inner, 'must be a strict subset of `cidr`')]
  })
}

/** Whether every address of `inner` is in `outer`, and not the other way round. */
function isStrictlyWithin(inner: string, outer: string): boolean {
  const [address, bits] = inner.split('/') as [string, string]
  const [network, outerBits] = outer.split('/') as [string, string]
  const [family, outerFamily] = [familyOf(address), familyOf(network)]
  if (family !== outerFamily || Number(outerBits) >= Number(bits)) return false
  const list = new BlockList()
  list.addSubnet(network, Number(outerBits), outerFamily)
  return list.check(address, family)
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')
