// Connections that the API server opens: to webhooks, aggregated servers, pods and services. The host routes
// to the machines and pods of every cluster.
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Dial } from '#apiserver/outgoing/dial.ts'

/** Whoever may write endpoints must not reach what this computer serves to itself. */
function isOwn(host: string): boolean {
  return Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === host),
  )
}

export const dialTcp: Dial = ({ host, port, inCluster }) =>
  new Promise((resolve, reject) => {
    if (inCluster && isOwn(host)) {
      const error = new Error(`${host} is an address of the computer that the API server runs on`)
      return reject(Object.assign(error, { code: 'EACCES' }))
    }
    const socket = connect({ host, port, noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
