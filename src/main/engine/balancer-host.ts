// What load balancers need of the host: addresses on `lo`.
import { ipBatch, listAddresses } from '#linux/links.ts'

const LOOPBACK = 'lo'

export async function addHostAddress(address: string): Promise<void> {
  if ((await listAddresses(LOOPBACK)).includes(`${address}/32`)) return
  await ipBatch([`addr add ${address}/32 dev ${LOOPBACK}`])
}

export async function removeHostAddress(address: string): Promise<void> {
  if (!(await listAddresses(LOOPBACK)).includes(`${address}/32`)) return
  await ipBatch([`addr delete ${address}/32 dev ${LOOPBACK}`])
}
