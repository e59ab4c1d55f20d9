// For registry and edge: which clusters there are and on which gateway addresses they live, from the
// hub while it answers and from the last state on disk while it does not.
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '#base/atomic-file.ts'
import { systemClock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { httpsTransport } from '#client/https-transport.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import { loadKubeconfig } from '#client/kubeconfig.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import { contextName } from '#setup/instance.ts'
import { clusters } from '#kinds/ccs/cluster.ts'

export interface Connection {
  client: Client
  informers: InformerFactory
}

const RETRY_MS = 300

/** A connection by the instance's kubeconfig, once the engine has written that context. */
export async function connectTo(
  kubeconfig: string,
  context: string,
  log: Logger,
  signal: AbortSignal,
): Promise<Connection> {
  for (;;) {
    try {
      const { transport } = await loadKubeconfig(kubeconfig, context)
      const client = createClient(httpsTransport(transport).call)
      const informers = createInformerFactory({
        client,
        clock: systemClock,
        random: systemRandom,
        log,
      })
      return { client, informers }
    } catch (error) {
      // The engine writes the file at its first start and adds contexts as clusters come.
      log.debug('no kubeconfig yet', { context, error })
      await systemClock.sleep(RETRY_MS, signal)
    }
  }
}

/** By cluster name: its gateway address. */
export type Gateways = Record<string, string>

export function readGateways(file: string): Gateways {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Gateways
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** Calls back with the gateways: first with those on disk, then with each change. */
export async function followGateways(options: {
  kubeconfig: string
  file: string
  log: Logger
  signal: AbortSignal
  changed: (gateways: Gateways) => void
}): Promise<Connection> {
  const { kubeconfig, file, log, signal, changed } = options
  let known = readGateways(file)
  changed(known)
  const hub = await connectTo(kubeconfig, contextName('hub'), log, signal)
  const informer = hub.informers.informer(clusters)
  const update = () => {
    if (!informer.hasSynced) return
    const next: Gateways = {}
    for (const cluster of informer.list())
      if (cluster.status?.gatewayAddress)
        next[cluster.metadata.name] = cluster.status.gatewayAddress
    if (JSON.stringify(next) === JSON.stringify(known)) return
    known = next
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    writeFileAtomic(file, JSON.stringify(next))
    changed(next)
  }
  informer.on({ added: update, updated: update, deleted: update })
  hub.informers.start()
  void informer.synced.then(update)
  return hub
}
