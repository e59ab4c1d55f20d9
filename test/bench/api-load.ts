// Clients of the API in a process of their own: creates ConfigMaps of 1 KB and prints figures as JSON.
//   node api-load.ts KUBECONFIG CONTEXT CLIENTS SECONDS
import { Agent, request } from 'node:https'
import { loadKubeconfig } from '#client/kubeconfig.ts'
import { percentile } from './rows.ts'

const [kubeconfig, context, clientsText, secondsText] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
]
const clients = Number(clientsText)
const seconds = Number(secondsText)
const { transport } = await loadKubeconfig(kubeconfig, context)
const base = new URL(transport.server)
const agent = new Agent({
  keepAlive: true,
  maxSockets: clients,
  ...(transport.ca === undefined ? {} : { ca: transport.ca }),
  ...(transport.cert === undefined ? {} : { cert: transport.cert }),
  ...(transport.key === undefined ? {} : { key: transport.key }),
})

export function ask(method: string, path: string, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        agent,
        host: base.hostname,
        port: base.port,
        method,
        path: `${base.pathname.replace(/\/$/, '')}${path}`,
        headers:
          body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (answer) => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode ?? 0))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

const collection = '/api/v1/namespaces/bench/configmaps'
const payload = 'x'.repeat(700)
const latencies: number[] = []
let failed = 0
const stamp = Date.now()
const end = performance.now() + seconds * 1000

async function client(id: number): Promise<void> {
  for (let i = 0; performance.now() < end; i++) {
    const name = `load-${stamp}-${id}-${i}`
    const begun = performance.now()
    const status = await ask(
      'POST',
      collection,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name },
        data: { payload },
      }),
    )
    latencies.push(performance.now() - begun)
    if (status !== 201) failed++
  }
}

const begun = performance.now()
await Promise.all(Array.from({ length: clients }, (_, id) => client(id)))
const perSecond = latencies.length / ((performance.now() - begun) / 1000)
process.stdout.write(
  JSON.stringify({
    perSecond,
    p99Ms: percentile(latencies, 0.99),
    failed,
    count: latencies.length,
  }),
)
agent.destroy()
