// `ccs up`: brings an instance up and returns when every part of it was seen to work.
import { defaultPorts, type Ports } from '#base/ports.ts'
import { installPackages } from '#setup/install.ts'
import {
  type InstanceFile,
  type InstancePaths,
  readInstance,
  writeInstance,
} from '#setup/instance.ts'
import { withInstanceLock } from '#setup/instance-lock.ts'
import { SYSTEM_PACKAGES } from '#setup/packages.ts'
import { preflight } from '#setup/preflight.ts'
import {
  ensureService,
  findService,
  SERVICES,
  type ServiceName,
  stopService,
} from '#setup/services.ts'
import { type CommandContext, type CommonOptions, pathsOf } from './context.ts'
import { runDemo } from './demo.ts'
import { EXIT, Failure } from './failure.ts'
import { phase } from './phases.ts'
import { seeApi, seeMachines, seeNames, seeRegistry } from './up-sightings.ts'

export interface UpOptions extends CommonOptions {
  demo?: boolean
  apiPort?: number
  registryPort?: number
  dnsPort?: number
}

const PORT_FLAGS: Record<keyof Ports, string> = {
  api: '--api-port',
  registry: '--registry-port',
  dns: '--dns-port',
}

function wantedPorts(options: UpOptions, before: InstanceFile | undefined): Ports {
  const given = { api: options.apiPort, registry: options.registryPort, dns: options.dnsPort }
  const ports: Ports = { ...defaultPorts, ...before?.ports }
  const names = Object.keys(ports) as (keyof Ports)[]
  for (const name of names) ports[name] = given[name] ?? ports[name]
  for (const [i, name] of names.entries()) {
    const other = names.slice(0, i).find((earlier) => ports[earlier] === ports[name])
    if (other !== undefined)
      throw new Failure(
        `${PORT_FLAGS[other]} and ${PORT_FLAGS[name]} are both ${ports[name]}; choose another for one`,
        EXIT.usage,
      )
  }
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
    ports: own.map((name) => ({
      flag: PORT_FLAGS[name],
      port: ports[name],
      protocols: name === 'dns' ? ['tcp', 'udp'] : ['tcp'],
    })),
  })
  if (problems.length > 0)
    throw new Failure(
      `this computer is not ready:\n${problems.map((p) => `  - ${p.what}\n    ${p.mend}`).join('\n')}`,
    )
  return 'packages, kernel, ports, memory and disk are fine'
}

function makeInstance(context: CommandContext, paths: InstancePaths, ports: Ports): InstanceFile {
  const before = readInstance(paths)
  const createdAt = before?.createdAt ?? new Date(context.clock.now()).toISOString()
  const file: InstanceFile = { version: context.version, id: paths.id, ports, createdAt }
  writeInstance(paths, file)
  return file
}

/** All that another `ccs up` or `ccs down` must not come between. */
async function startProcesses(context: CommandContext, paths: InstancePaths, options: UpOptions) {
  const before = readInstance(paths)
  const ports = wantedPorts(options, before)
  if (before !== undefined) refusePortChange(paths, before, ports)
  await phase(context, 'preflight', () => check(context, paths, ports))
  const file = makeInstance(context, paths, ports)
  await phase(context, 'processes', async () => {
    // Processes of another version would go on as they are: what was upgraded is started anew.
    if (before !== undefined && before.version !== context.version)
      for (const name of SERVICES.toReversed()) await stopService(paths, name, context.clock)
    const all: string[] = []
    for (const name of SERVICES)
      all.push(`${name} ${await ensureService(paths, name, context.root)}`)
    return all.join(', ')
  })
  return { paths, file }
}

export async function up(context: CommandContext, options: UpOptions): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Failure(
      "ccs makes network namespaces and cgroups and must run as root: 'sudo ./ccs up'",
    )
  const paths = pathsOf(options)
  const started = context.clock.now()
  const found = await withInstanceLock(
    paths,
    { command: 'ccs up', pid: process.pid, say: context.say },
    () => startProcesses(context, paths, options),
  )
  const { ports } = found.file
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
