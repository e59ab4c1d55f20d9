// What a running instance answers when it is asked as its users ask it.
import type { Clock } from '#base/clock.ts'
import { describeError } from '#base/log.ts'
import { clusters } from '#kinds/ccs/cluster.ts'
import { machines } from '#kinds/ccs/machine.ts'
import { nodes } from '#kinds/refs.ts'
import { type Check, fail, type Finding, ok, warn } from '#setup/checks/check.ts'
import { clientOf, type FoundInstance } from './context.ts'
import { askEngine } from './cluster/engine-control.ts'
import { resolveName } from './dns-probe.ts'
import { registryAccess } from './image/registry-api.ts'
import { isNodeReady } from './up-sightings.ts'

export interface InstanceSubject extends FoundInstance {
  clock: Clock
}

const seeLog = (name: string, { paths }: FoundInstance) =>
  `see ${paths.logs}/${name}.log; 'ccs down' and 'ccs up' start it anew`

/** Requests to the API, one after the other: the slowest tells how long its event loop was held up. */
const API_REQUESTS = 10
const API_SLOW_MS = 250

export function judgeLatencies(latenciesMs: readonly number[], log: string): Finding {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  const slowest = sorted.at(-1) ?? 0
  const figures = `${latenciesMs.length} requests: median ${median.toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms`
  return slowest > API_SLOW_MS
    ? warn(`the API answers slowly, ${figures}`, log)
    : ok(`answers, ${figures}`)
}

const apiCheck: Check<InstanceSubject> = {
  name: 'api',
  async look(found) {
    try {
      const hub = await clientOf(found)
      const latenciesMs: number[] = []
      for (let i = 0; i < API_REQUESTS; i++) {
        const begun = found.clock.now()
        await hub.resource(clusters).list()
        latenciesMs.push(found.clock.now() - begun)
      }
      // The first brings the connection up, which is not the loop's fault.
      return [judgeLatencies(latenciesMs.slice(1), seeLog('engine', found))]
    } catch (error) {
      return [fail(`the API does not answer: ${describeError(error)}`, seeLog('engine', found))]
    }
  },
}

const nodeCheck: Check<InstanceSubject> = {
  name: 'nodes',
  async look(found) {
    const hub = await clientOf(found)
    const wanted = (await hub.resource(machines).list()).items
    const findings: Finding[] = []
    for (const cluster of (await hub.resource(clusters).list()).items) {
      const { name } = cluster.metadata
      const { items } = await (await clientOf(found, name)).resource(nodes).list()
      const ready = new Set(items.filter(isNodeReady).map(({ metadata }) => metadata.name))
      const running = wanted.filter(({ spec }) => spec.cluster === name && spec.power === 'Running')
      for (const { metadata, status } of running)
        if (!ready.has(metadata.name)) {
          const why = status?.conditions?.find(
            ({ status: is, message }) => is === 'False' && message,
          )
          findings.push(
            fail(
              `machine ${metadata.name} of cluster ${name} is not Ready${why === undefined ? '' : `: ${why.message}`}`,
              `kubectl --kubeconfig ${found.paths.kubeconfig} --context ccs-${name} describe node ${metadata.name}`,
            ),
          )
        }
      if (findings.length === 0) findings.push(ok(`cluster ${name}: ${running.length} Ready`))
    }
    return findings
  },
}

const dnsCheck: Check<InstanceSubject> = {
  name: 'dns',
  async look(found) {
    const hub = await clientOf(found)
    const servers = (await hub.resource(clusters).list()).items.flatMap(({ metadata, status }) =>
      status?.gatewayAddress === undefined
        ? []
        : [
            {
              name: 'kubernetes.default.svc.cluster.local',
              address: status.gatewayAddress,
              port: 53,
              whose: `cluster ${metadata.name}`,
            },
          ],
    )
    const all = [
      ...servers,
      {
        name: 'registry.ccs.internal',
        address: '127.0.0.1',
        port: found.file.ports.dns,
        whose: 'this computer',
      },
    ]
    const bad: Finding[] = []
    for (const { name, address, port, whose } of all) {
      try {
        await resolveName(name, address, port)
      } catch (error) {
        bad.push(
          fail(
            `names for ${whose} are not answered on ${address}:${port}: ${describeError(error)}`,
            seeLog('edge', found),
          ),
        )
      }
    }
    return bad.length > 0 ? bad : [ok(`answers on ${all.map(({ address }) => address).join(', ')}`)]
  },
}

const REGISTRY_TIMEOUT_MS = 5_000

/** Begins an upload and takes it back: what a push does first. */
const registryCheck: Check<InstanceSubject> = {
  name: 'registry',
  async look(found) {
    const mend = seeLog('registry', found)
    try {
      const { host, username, password } = registryAccess(found)
      const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
      const call = (method: string, url: string) =>
        fetch(url, {
          method,
          headers: { authorization },
          signal: AbortSignal.timeout(REGISTRY_TIMEOUT_MS),
        })
      const begun = await call('POST', `http://${host}/v2/ccs-doctor/probe/blobs/uploads/`)
      const location = begun.headers.get('location')
      if (begun.status !== 202 || location === null)
        return [fail(`the registry takes no uploads: it answered ${begun.status}`, mend)]
      const ended = await call('DELETE', new URL(location, `http://${host}`).href)
      if (!ended.ok) return [warn(`the registry keeps uploads: it answered ${ended.status}`, mend)]
      return [ok(`takes uploads on ${host}`)]
    } catch (error) {
      return [fail(`the registry does not answer: ${describeError(error)}`, mend)]
    }
  },
}

/** The engine knows whether it writes what it should. */
const auditCheck: Check<InstanceSubject> = {
  name: 'audit',
  async look(found) {
    const { auditLogs } = found.paths
    const { problems } = await askEngine<{ problems: string[] }>(found, '/audit-problems', {})
    const mend = `mend the file, or make room; ${seeLog('engine', found)}`
    return problems.length === 0
      ? [ok(`who changes what is written to ${auditLogs}`)]
      : problems.map((problem) => warn(problem, mend))
  },
}

/** Whoever logs in with tokens of others is kept out by a file that is not used. */
const authenticationCheck: Check<InstanceSubject> = {
  name: 'authentication',
  async look(found) {
    const { problems } = await askEngine<{ problems: string[] }>(
      found,
      '/authentication-problems',
      {},
    )
    const mend = `mend the file: it is read again by itself; ${seeLog('engine', found)}`
    return problems.length === 0
      ? [ok('nothing is wrong with whose tokens count')]
      : problems.map((problem) => fail(problem, mend))
  },
}

export const INSTANCE_CHECKS: readonly Check<InstanceSubject>[] = [
  apiCheck,
  nodeCheck,
  dnsCheck,
  registryCheck,
  auditCheck,
  authenticationCheck,
]
