// What `ccs up` sees to work before it says so: each part is asked, as its users will ask it.
import { request } from 'node:https'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import { type Cluster, clusters } from '#kinds/ccs/cluster.ts'
import { type Machine, machines } from '#kinds/ccs/machine.ts'
import { nodes } from '#kinds/refs.ts'
import type { InstancePaths } from '#setup/instance.ts'
import { findService, logFile, logTail, type ServiceName, wasStopped } from '#setup/services.ts'
import { clientOf, type FoundInstance } from './context.ts'
import { resolveName } from './dns-probe.ts'
import { EXIT, Failure } from './failure.ts'
import { type Note, phase, type PhaseContext, waitUntil } from './phases.ts'

/** Longest wait for each phase unless --timeout says another; a cold machine is slow, a broken one must not hang. */
const TIMEOUT_MS = { api: 30_000, registry: 30_000, machines: 60_000, names: 30_000 } as const

export interface Sight {
  clock: Clock
  note: Note
  found: FoundInstance
  timeoutMs: number
}

/** The process whose log tells why a sighting failed. */
const SEEN: readonly {
  name: keyof typeof TIMEOUT_MS
  service: ServiceName
  see: (sight: Sight) => Promise<string>
}[] = [
  { name: 'api', service: 'engine', see: seeApi },
  { name: 'registry', service: 'registry', see: seeRegistry },
  { name: 'machines', service: 'engine', see: seeMachines },
  { name: 'names', service: 'edge', see: seeNames },
]

/** Sees every part work, one a phase; the first that does not ends it with the log's last lines and what to do. */
export async function seeAll(
  context: PhaseContext,
  found: FoundInstance,
  options: { timeoutMs: number | undefined },
): Promise<void> {
  const { clock } = context
  const { paths } = found
  for (const { name, service, see } of SEEN)
    await phase(context, name, async (note) => {
      try {
        return await see({ clock, note, found, timeoutMs: options.timeoutMs ?? TIMEOUT_MS[name] })
      } catch (error) {
        if (!(error instanceof Failure) || error.exitCode !== EXIT.timeout) throw error
        throw new Failure(
          `${error.message}\nThe last lines of ${logFile(paths, service)}:\n${logTail(paths, service)}\n` +
            `'ccs doctor --data-dir ${paths.dataDir}' looks closer; the processes go on`,
          EXIT.timeout,
          { cause: error },
        )
      }
    })
}

/** So often the supervisor may start a process anew before that is no accident any more. */
const DEATHS_MAX = 2

/** Ends a wait, with the last words of the process, when it keeps dying. */
function stillRuns(paths: InstancePaths, name: ServiceName): () => void {
  let deaths = 0
  let wasAlive = true
  return () => {
    const isAlive = findService(paths, name) !== undefined
    if (!isAlive && wasAlive) deaths++
    wasAlive = isAlive
    if (isAlive) return
    if (wasStopped(paths, name)) throw new Failure("'ccs down' stopped this instance meanwhile")
    if (deaths > DEATHS_MAX)
      throw new Failure(
        `the ${name} process ended ${deaths} times. Its last words:\n${logTail(paths, name)}`,
      )
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

async function seeApi(sight: Sight) {
  const { clock, note, found, timeoutMs } = sight
  const { paths, file } = found
  const url = `https://127.0.0.1:${file.ports.api}`
  await waitUntil({
    clock,
    note,
    timeoutMs,
    what: `an answer of the API on ${url}`,
    probe: async () => {
      const ca = readFileSync(path.join(paths.pki, 'server-ca.crt'), 'utf8')
      return (await httpsGet(`${url}/readyz`, ca)) === 200 ? true : undefined
    },
    check: stillRuns(paths, 'engine'),
  })
  return `answers on ${url}`
}

async function seeRegistry(sight: Sight) {
  const { clock, note, found, timeoutMs } = sight
  const { paths, file } = found
  const url = `http://127.0.0.1:${file.ports.registry}`
  await waitUntil({
    clock,
    note,
    timeoutMs,
    what: `an answer of the registry on ${url}`,
    probe: async () => ((await fetch(`${url}/healthz`)).ok ? true : undefined),
    check: stillRuns(paths, 'registry'),
  })
  return `answers on ${url}`
}

export const isNodeReady = (node: {
  status?: { conditions?: { type: string; status: string }[] | undefined } | undefined
}) => node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false

async function seeMachines({ clock, note, found, timeoutMs }: Sight) {
  return waitUntil({
    clock,
    note,
    timeoutMs,
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

/** Why a machine is not Ready, as it says itself. */
function whyNotReady({ metadata, status }: Machine): string {
  const bad = status?.conditions?.find(({ status: is, message }) => is !== 'True' && message)
  return `machine ${metadata.name} is ${status?.phase ?? 'Pending'}${bad === undefined ? '' : ` (${bad.message})`}`
}

/** "local: 2 machines in zones a, b"; throws while one that should run is not Ready. */
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
    const missing = expected.filter((machine) => !ready.includes(machine.metadata.name))
    if (missing.length > 0) throw new Error(missing.map(whyNotReady).join(', '))
    const zones = [...new Set(expected.map((machine) => machine.spec.zone))].toSorted()
    parts.push(`cluster ${name}: ${expected.length} Ready in ${zones.join(', ')}`)
  }
  return parts.join('; ')
}

async function seeNames({ clock, note, found, timeoutMs }: Sight) {
  const hub = await clientOf(found)
  const { items } = await hub.resource(clusters).list()
  const gateways = items.flatMap((cluster) => cluster.status?.gatewayAddress ?? [])
  const name = 'kubernetes.default.svc.cluster.local'
  await waitUntil({
    clock,
    note,
    timeoutMs,
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
