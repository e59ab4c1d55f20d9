// Addresses of a cluster and its machines: which part of its /16 block is for what. Pure; the table
// stands in docs/ARCHITECTURE.md under "Network".
import { addressIn, type Cidr, formatCidr, parseCidr } from '#linux/cidr.ts'
import type { ClusterNetwork } from '#kinds/ccs/cluster.ts'

export interface ClusterPlan {
  /** "10.64.0.0/16" */
  block: string
  /** The block's second octet, which names the uplink. */
  blockNumber: number
  network: ClusterNetwork
  /** The host's end of the uplink. */
  gatewayAddress: string
  /** The router's end of the uplink. */
  uplinkAddress: string
  uplinkPrefix: number
  /** The router on the machines' network. */
  routerAddress: string
  machinePrefix: number
  dnsAddress: string
}

export interface MachineAddresses {
  address: string
  podCIDR: string
}

const BLOCK_PREFIX = 16
const MACHINE_PREFIX = 24
const UPLINK_PREFIX = 30
const POD_PREFIX = 18
const MACHINE_POD_PREFIX = 24
const SERVICE_PREFIX = 18
const FIRST_MACHINE = 11

/** One pod range for each machine. */
export const MACHINES_MAX = 2 ** (MACHINE_POD_PREFIX - POD_PREFIX)

const part = (block: Cidr, third: number, prefix: number): Cidr => ({
  base: block.base + third * 256,
  prefix,
})

export function planCluster(blockText: string): ClusterPlan {
  const block = parseCidr(blockText)
  if (block.prefix !== BLOCK_PREFIX) throw new RangeError(`${blockText} is no /${BLOCK_PREFIX}`)
  const machines = part(block, 0, MACHINE_PREFIX)
  const uplink = part(block, 1, UPLINK_PREFIX)
  const services = part(block, 128, SERVICE_PREFIX)
  return {
    block: formatCidr(block),
    blockNumber: Math.floor(block.base / 2 ** 16) % 256,
    network: {
      machineCIDR: formatCidr(machines),
      podCIDR: formatCidr(part(block, 64, POD_PREFIX)),
      serviceCIDR: formatCidr(services),
    },
    gatewayAddress: addressIn(uplink, 1),
    uplinkAddress: addressIn(uplink, 2),
    uplinkPrefix: UPLINK_PREFIX,
    routerAddress: addressIn(machines, 1),
    machinePrefix: MACHINE_PREFIX,
    dnsAddress: addressIn(services, 10),
  }
}

export function planMachine(cluster: ClusterPlan, index: number): MachineAddresses {
  if (!Number.isInteger(index) || index < 0 || index >= MACHINES_MAX)
    throw new RangeError(`a cluster has at most ${MACHINES_MAX} machines`)
  const machines = parseCidr(cluster.network.machineCIDR)
  const pods = parseCidr(cluster.network.podCIDR)
  return {
    address: addressIn(machines, FIRST_MACHINE + index),
    podCIDR: formatCidr({ base: pods.base + index * 256, prefix: MACHINE_POD_PREFIX }),
  }
}

/** The index that gives a machine this address, or undefined for an address of no machine. */
export function indexOfAddress(cluster: ClusterPlan, address: string): number | undefined {
  const base = parseCidr(cluster.network.machineCIDR).base
  const index = parseCidr(address).base - base - FIRST_MACHINE
  return index >= 0 && index < MACHINES_MAX ? index : undefined
}

/** The block of a network that an object asks for, if it is one that we lay out ourselves. */
export function blockOfNetwork(network: ClusterNetwork): string {
  const block = formatCidr({ base: parseCidr(network.machineCIDR).base, prefix: BLOCK_PREFIX })
  const plan = planCluster(block)
  const matches =
    plan.network.machineCIDR === network.machineCIDR &&
    plan.network.podCIDR === network.podCIDR &&
    plan.network.serviceCIDR === network.serviceCIDR
  if (!matches)
    throw new RangeError(
      `the local provider lays a cluster out within a block: for machineCIDR ${network.machineCIDR} it takes podCIDR ${plan.network.podCIDR} and serviceCIDR ${plan.network.serviceCIDR}`,
    )
  return block
}
