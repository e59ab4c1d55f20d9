// An API server alone, in a process of its own: a hub and as many other logical clusters as asked for, without
// controllers. Prints one line of JSON when all of them answer, and ends when its standard input does.
//   node plain-server.ts DIRECTORY [CLUSTERS]
import path from 'node:path'
import { SeatPool } from '#apiserver/fairness/seat-pool.ts'
import { createApiListener } from '#apiserver/http/api-listener.ts'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { version } from '#base/version.ts'
import { authorityStore } from '#identity/authority-store.ts'
import { addToKubeconfig } from '#main/engine/api-access.ts'
import { openAudit } from '#main/engine/engine-audit.ts'
import { KubeconfigFile } from '#main/engine/kubeconfig-file.ts'
import { hostLogicalCluster, type LogicalClusterHost } from '#main/engine/logical-cluster-host.ts'
import { WriterPool } from '#storage/writer-pool.ts'

/** What a server says when it is ready. */
export interface PlainServerReady {
  kubeconfig: string
  server: string
  /** From the start of the process. */
  readyMs: number
}

/** Clusters opened at once: their files are read one after the other anyway. */
const OPENED_AT_ONCE = 16

async function openClusters(directory: string, count: number) {
  const authorities = authorityStore({ directory: path.join(directory, 'pki'), clock: systemClock })
  const pool = new WriterPool()
  const audit = openAudit({
    directory: path.join(directory, 'logs', 'audit'),
    policyFile: path.join(directory, 'audit-policy.yaml'),
    clock: systemClock,
    log: silentLogger,
  })
  const seats = new SeatPool()
  const hosts = new Map<string, LogicalClusterHost>()
  const names = ['hub', ...Array.from({ length: count }, (_, i) => `cluster-${i}`)]
  const open = async (name: string) => {
    const host = await hostLogicalCluster({
      name,
      file: path.join(directory, 'engine', `${name}.db`),
      version,
      authorities,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      pool,
      audit,
      seats,
    })
    hosts.set(name, host)
  }
  const worker = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) await open(name)
  }
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, worker))
  return { authorities, hosts }
}

async function serve(directory: string, clusters: number): Promise<void> {
  const { authorities, hosts } = await openClusters(directory, clusters)
  const listener = createApiListener({
    tls: await authorities.serverCertificate('api', {
      names: ['localhost'],
      addresses: ['127.0.0.1'],
    }),
    resolve: (name) => hosts.get(name)?.api,
    log: silentLogger,
  })
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 })
  const server = `https://127.0.0.1:${port}`
  const file = path.join(directory, 'kubeconfig')
  const { certificatePem } = await authorities.serverAuthority()
  const kubeconfig = new KubeconfigFile(file, certificatePem)
  await addToKubeconfig({ cluster: 'hub', server, authorities, kubeconfig, clock: systemClock })
  const ready: PlainServerReady = { kubeconfig: file, server, readyMs: performance.now() }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
  process.stdin.resume()
  process.stdin.once('end', () => process.exit(0))
}

const [directory, clusters = '0'] = process.argv.slice(2)
// Imported for its types only when there is nothing to serve.
if (directory !== undefined && process.argv[1] === import.meta.filename)
  await serve(directory, Number(clusters))
