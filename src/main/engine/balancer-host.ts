// What load balancers need of the host: addresses on `lo`, free ports, and the one address book.
import { createServer } from 'node:net'
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

/** Whether nothing listens on this port of 127.0.0.1. */
export function isLoopbackPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
      probe.close(() => resolve(true)),
    )
  })
}
