// `ccs up`: brings an instance up and returns when every part of it was seen to work.
import { request } from 'node:https'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isReason } from '#base/errors.ts'
import { defaultPorts, type Ports } from '#base/ports.ts'
import { type Cluster, clusters } from '#kinds/ccs/cluster.ts'
import { machines } from '#kinds/ccs/machine.ts'
import { nodes } from '#kinds/refs.ts'
import { installPackages } from '#setup/install.ts'
import {
  type InstanceFile,
  type InstancePaths,
  readInstance,
  writeInstance,
} from '#setup/instance.ts'
import { SYSTEM_PACKAGES } from '#setup/packages.ts'
import { preflight } from '#setup/preflight.ts'
import { ensureService, findService, logTail, SERVICES, type ServiceName } from '#setup/services.ts'
import { clientOf, type CommandContext, type CommonOptions, pathsOf } from './context.ts'
import { runDemo } from './demo.ts'
import { resolveName } from './dns-probe.ts'
import { Failure } from './failure.ts'
import { phase, waitUntil } from './phases.ts'

export interface UpOptions extends CommonOptions {
  demo?: boolean
  apiPort?: number
  registryPort?: number
  dnsPort?: number
}

/** Longest wait for each phase; a cold machine is slow, a broken one must not hang. */
const TIMEOUT_MS = { api: 30_000, registry: 30_000, machines: 60_000, names: 30_000 } as const

const PORT_FLAGS: Record<keyof Ports, string> = {
  api: '--api-port',
  registry: '--registry-port',
  dns: '--dns-port',
}

function wantedPorts(options: UpOptions, before: InstanceFile | undefined): Ports {
  const given = { api: options.apiPort, registry: options.registryPort, dns: options.dnsPort }
  const ports: Ports = { ...defaultPorts, ...before?.ports }
  for (const name of Object.keys(ports) as (keyof Ports)[]) ports[name] = given[name] ?? ports[name]
  return ports
}

/** The ports may change only while nothing of the instance runs. */
function refusePortChange(paths: InstancePaths, before: InstanceFile, ports: Ports): void {
  const running = SERVICES.filter((name) => findService(paths, name) !== undefined)
  const changed = (Object.keys(ports) as (keyof Ports)[]).find((n) => ports[n] !== before.ports[n])
  if (running.length > 0 && changed !== undefined)
    throw new Failure(
      `this instance runs with ${changed} port ${before.ports[changed]}. ` +
        `Stop it with 'ccs down' before changing ${PORT_FLAGS[changed]}`,
    )
}

async function check(context: CommandContext, paths: InstancePaths, ports: Ports): Promise<string> {
  if (process.getuid?.() !== 0)
    throw new Failure(
      "ccs makes network namespaces and cgroups and must run as root: 'sudo ./ccs up'",
    )
  await installPackages(SYSTEM_PACKAGES, context.say)
  const services: Record<keyof Ports, ServiceName> = {
    api: 'engine',
    registry: 'registry',
    dns: 'edge',
  }
  // A port of a part of ours that runs already is not taken.
  const own = (Object.keys(ports) as (keyof Ports)[]).filter(
    (name) => findService(paths, services[name]) === undefined,
  )
  const problems = await preflight({
    dataDir: paths.dataDir,
    ports: own.map((name) => ({ flag: PORT_FLAGS[name], port: ports[name] })),
  })
  if (problems.length > 0)
    throw new Failure(
      `this computer is not ready:\n${problems.map((p) => `  - ${p.what}\n    ${p.mend}`).join('\n')}`,
    )
  return 'packages, kernel, ports, memory and disk are fine'
}

/** Ends a wait at once, with the last words of the process, when it died. */
function stillRuns(paths: InstancePaths, name: ServiceName): () => void {
  return () => {
    if (findService(paths, name) === undefined)
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

async function seeApi(context: CommandContext, paths: InstancePaths, ports: Ports) {
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

async function seeRegistry(context: CommandContext, paths: InstancePaths, ports: Ports) {
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

async function seeMachines(
  context: CommandContext,
  found: { paths: InstancePaths; file: InstanceFile },
) {
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
async function readyMachines(
  found: { paths: InstancePaths; file: InstanceFile },
  all: Cluster[],
): Promise<string | undefined> {
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

async function seeNames(
  context: CommandContext,
  found: { paths: InstancePaths; file: InstanceFile },
) {
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

function makeInstance(context: CommandContext, paths: InstancePaths, ports: Ports): InstanceFile {
  const before = readInstance(paths)
  const createdAt = before?.createdAt ?? new Date(context.clock.now()).toISOString()
  const file: InstanceFile = { version: context.version, id: paths.id, ports, createdAt }
  writeInstance(paths, file)
  return file
}

export async function up(context: CommandContext, options: UpOptions): Promise<void> {
  const paths = pathsOf(options)
  const before = readInstance(paths)
  const ports = wantedPorts(options, before)
  if (before !== undefined) refusePortChange(paths, before, ports)
  const started = context.clock.now()
  await phase(context, 'preflight', () => check(context, paths, ports))
  const file = makeInstance(context, paths, ports)
  const found = { paths, file }
  await phase(context, 'processes', async () => {
    const all: string[] = []
    for (const name of SERVICES)
      all.push(`${name} ${await ensureService(paths, name, context.root)}`)
    return all.join(', ')
  })
  await phase(context, 'api', () => seeApi(context, paths, ports))
  await phase(context, 'registry', () => seeRegistry(context, paths, ports))
  await phase(context, 'machines', () => seeMachines(context, found))
  await phase(context, 'names', () => seeNames(context, found))
  const total = ((context.clock.now() - started) / 1000).toFixed(1)
  context.say(summary(found, total))
  if (options.demo) await runDemo(context, options)
  else context.say("Next: './ccs up --demo' runs a sample service, './ccs --help' shows the rest.")
}

function summary({ paths, file }: { paths: InstancePaths; file: InstanceFile }, total: string) {
  return [
    '',
    `ccs is up (${total} s).`,
    `  API         https://127.0.0.1:${file.ports.api}`,
    `  registry    127.0.0.1:${file.ports.registry}`,
    `  names       *.ccs.internal at 127.0.0.1:${file.ports.dns}`,
    `  kubeconfig  ${paths.kubeconfig}`,
    `  kubectl     kubectl --kubeconfig ${paths.kubeconfig} get nodes`,
    '',
  ].join('\n')
}
