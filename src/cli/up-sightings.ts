// What `ccs up` sees to work before it says so: each part is asked, as its users will ask it.
import { request } from 'node:https'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isReason } from '#base/errors.ts'
import type { Ports } from '#base/ports.ts'
import { type Cluster, clusters } from '#kinds/ccs/cluster.ts'
import { machines } from '#kinds/ccs/machine.ts'
import { nodes } from '#kinds/refs.ts'
import type { InstancePaths } from '#setup/instance.ts'
import { findService, logTail, type ServiceName, wasStopped } from '#setup/services.ts'
import { clientOf, type CommandContext, type FoundInstance } from './context.ts'
import { resolveName } from './dns-probe.ts'
import { Failure } from './failure.ts'
import { waitUntil } from './phases.ts'

/** Longest wait for each phase; a cold machine is slow, a broken one must not hang. */
const TIMEOUT_MS = { api: 30_000, registry: 30_000, machines: 60_000, names: 30_000 } as const

/** Ends a wait at once, with the last words of the process, when it died. */
function stillRuns(paths: InstancePaths, name: ServiceName): () => void {
  return () => {
    if (findService(paths, name) !== undefined) return
    if (wasStopped(paths, name)) throw new Failure("'ccs down' stopped this instance meanwhile")
    throw new Failure(`the ${name} process ended. Its last words:\n${logTail(paths, name)}`)
  }
}

/** GETs over HTTPS with the instance's own CA. */
function httpsGet(url: string, ca: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ca, agent: false, timeout: 2_000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('timed out')))
    outgoing.on('error', reject)
    outgoing.end()
  })
}

export async function seeApi(context: CommandContext, paths: InstancePaths, ports: Ports) {
  const url = `https://127.0.0.1:${ports.api}`
  await waitUntil({
    clock: context.clock,
    timeoutMs: TIMEOUT_MS.api,
    what: `an answer of the API on ${url}`,
    probe: async () => {
      const ca = readFileSync(path.join(paths.pki, 'server-ca.crt'), 'utf8')
      return (await httpsGet(`${url}/readyz`, ca)) === 200 ? true : undefined
    },
    check: stillRuns(paths, 'engine'),
  })
  return `answers on ${url}`
}

export async function seeRegistry(context: CommandContext, paths: InstancePaths, ports: Ports) {
  const url = `http://127.0.0.1:${ports.registry}`
  await waitUntil({
    clock: context.clock,
    timeoutMs: TIMEOUT_MS.registry,
    what: `an answer of the registry on ${url}`,
    probe: async () => ((await fetch(`${url}/healthz`)).ok ? true : undefined),
    check: stillRuns(paths, 'registry'),
  })
  return `answers on ${url}`
}

const isNodeReady = (node: {
  status?: { conditions?: { type: string; status: string }[] | undefined } | undefined
}) => node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false

export async function seeMachines(context: CommandContext, found: FoundInstance) {
  return waitUntil({
    clock: context.clock,
    timeoutMs: TIMEOUT_MS.machines,
    what: 'readiness of all machines',
    probe: async () => {
      const hub = await clientOf(found)
      const { items } = await hub.resource(clusters).list()
      if (items.length === 0) return undefined
      return readyMachines(found, items)
    },
    check: stillRuns(found.paths, 'engine'),
  })
}

/** "local: 2 machines in zones a, b", or undefined while one that should run is not Ready. */
async function readyMachines(found: FoundInstance, all: Cluster[]): Promise<string | undefined> {
  const hub = await clientOf(found)
  const wanted = (await hub.resource(machines).list()).items.filter(
    (machine) => machine.spec.power === 'Running',
  )
  const parts: string[] = []
  for (const cluster of all) {
    const { name } = cluster.metadata
    const expected = wanted.filter((machine) => machine.spec.cluster === name)
    let ready: string[]
    try {
      const { items } = await (await clientOf(found, name)).resource(nodes).list()
      ready = items.filter(isNodeReady).map((node) => node.metadata.name)
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
    if (expected.some((machine) => !ready.includes(machine.metadata.name))) return undefined
    const zones = [...new Set(expected.map((machine) => machine.spec.zone))].toSorted()
    parts.push(`cluster ${name}: ${expected.length} Ready in ${zones.join(', ')}`)
  }
  return parts.join('; ')
}

export async function seeNames(context: CommandContext, found: FoundInstance) {
  const hub = await clientOf(found)
  const { items } = await hub.resource(clusters).list()
  const gateways = items.flatMap((cluster) => cluster.status?.gatewayAddress ?? [])
  const name = 'kubernetes.default.svc.cluster.local'
  await waitUntil({
    clock: context.clock,
    timeoutMs: TIMEOUT_MS.names,
    what: `an answer of DNS to ${name}`,
    probe: async () => {
      for (const gateway of gateways) await resolveName(name, gateway, 53)
      await resolveName('registry.ccs.internal', '127.0.0.1', found.file.ports.dns)
      return true
    },
    check: stillRuns(found.paths, 'edge'),
  })
  return `resolve; this computer can ask 127.0.0.1:${found.file.ports.dns}`
}
