// The first half of `ccs up`, which no other command may come between: from whatever is there to processes that run.
import type { Ports } from '#base/ports.ts'
import { hasUnit, installUnit, removeUnit, startUnit, stopUnit } from '#setup/boot-unit.ts'
import { checkComputer } from '#setup/checks/computer.ts'
import { renderProblems } from '#setup/checks/check.ts'
import { equalPorts, PORT_FLAGS, type PortName } from '#setup/choose-ports.ts'
import { examineDataDirectory } from '#setup/data-directory.ts'
import { installPackages } from '#setup/install.ts'
import { type InstanceFile, type InstancePaths, readInstance } from '#setup/instance.ts'
import { checkListenAddress, hostAddresses } from '#setup/listen-address.ts'
import { makeInstance, othersOnThisComputer } from '#setup/make-instance.ts'
import { SYSTEM_PACKAGES } from '#setup/packages.ts'
import {
  ensureService,
  findService,
  PROCESSES,
  SERVICES,
  type ServiceName,
  stopService,
  SUPERVISOR,
} from '#setup/services.ts'
import { purgeInstance, stopMachines } from '#setup/teardown.ts'
import type { CommandContext, FoundInstance } from './context.ts'
import { EXIT, Failure } from './failure.ts'
import { phase } from './phases.ts'
import type { UpOptions } from './up.ts'

/** Who listens on each port. */
const LISTENERS: Readonly<Record<PortName, ServiceName>> = {
  api: 'engine',
  registry: 'registry',
  dns: 'edge',
}

/** Packages may have to be fetched over a slow line, after another program has done with apt. */
const INSTALL_BUDGET_MS = 30 * 60_000

export function askedPorts({ apiPort, registryPort, dnsPort }: UpOptions): Partial<Ports> {
  return {
    ...(apiPort === undefined ? {} : { api: apiPort }),
    ...(registryPort === undefined ? {} : { registry: registryPort }),
    ...(dnsPort === undefined ? {} : { dns: dnsPort }),
  }
}

/** Where else to listen: an address that is asked for must be there, one from an earlier start may come later. */
function listenAddress(
  { listen }: UpOptions,
  before: InstanceFile | undefined,
): string | undefined {
  if (listen === undefined) return before?.listen
  if (listen === false) return undefined
  checkListenAddress(listen, hostAddresses())
  return listen
}

/** The ports may change only while nothing of the instance runs. */
function refusePortChange(before: InstanceFile, asked: Partial<Ports>, isRunning: boolean): void {
  const wanted: Ports = { ...before.ports, ...asked }
  const conflict = equalPorts(wanted)
  if (conflict !== undefined) throw new Failure(conflict, EXIT.usage)
  const names = Object.keys(wanted) as PortName[]
  const changed = names.find((name) => wanted[name] !== before.ports[name])
  if (isRunning && changed !== undefined)
    throw new Failure(
      `this instance runs with ${changed} port ${before.ports[changed]}. ` +
        `Stop it with 'ccs down' before changing ${PORT_FLAGS[changed]}`,
    )
}

async function stopProcesses(context: CommandContext, paths: InstancePaths): Promise<void> {
  await stopUnit(context.systemd, paths)
  for (const name of PROCESSES.toReversed()) await stopService(paths, name, context.clock)
}

/** What a purge that was cut off has left is of no use to anyone. */
async function finishPurge(context: CommandContext, paths: InstancePaths): Promise<void> {
  if (!readInstance(paths)?.isPurged) return
  context.say(`The removal of the instance in ${paths.dataDir} was cut off; finishing it first.`)
  await stopProcesses(context, paths)
  await stopMachines(paths, context.clock)
  await purgeInstance(paths, context)
}

async function check(
  context: CommandContext,
  paths: InstancePaths,
  subject: { isRunning: boolean; before: InstanceFile | undefined },
): Promise<string> {
  await installPackages(SYSTEM_PACKAGES, context)
  const { isRunning, before } = subject
  const rows = await checkComputer({
    ...paths,
    isRunning,
    nowMs: context.clock.now(),
    createdAtMs: before === undefined ? undefined : Date.parse(before.createdAt),
  })
  const problems = rows.filter(({ state }) => state === 'fail')
  if (problems.length > 0)
    throw new Failure(
      `this computer is not ready:\n${renderProblems(problems)}\n'ccs doctor' looks again and at more`,
    )
  for (const { found, mend } of rows.filter(({ state }) => state === 'warn'))
    context.say(`warning      ${found}${mend === undefined ? '' : `\n             ${mend}`}`)
  return 'packages, kernel, memory, disk, firewall and clock were looked at'
}

/** Ports that our own processes hold. */
export function runningPorts(paths: InstancePaths): Set<PortName> {
  const names = Object.keys(LISTENERS) as PortName[]
  return new Set(names.filter((name) => findService(paths, LISTENERS[name]) !== undefined))
}

async function claim(
  context: CommandContext,
  paths: InstancePaths,
  {
    asked,
    before,
    listen,
  }: { asked: Partial<Ports>; before: InstanceFile | undefined; listen: string | undefined },
): Promise<InstanceFile> {
  const { file, moved } = await makeInstance(paths, {
    version: context.version,
    asked,
    before,
    listen,
    running: runningPorts(paths),
    now: () => context.clock.now(),
  })
  for (const line of moved) context.say(`             ${line}`)
  return file
}

/** Has the supervisor started at boot or not, as asked for, and starts it now: by systemd or by ourselves. */
async function ensureSupervisor(
  context: CommandContext,
  paths: InstancePaths,
  atBoot: boolean | undefined,
): Promise<string> {
  const { systemd, root } = context
  if (atBoot === false && hasUnit(systemd, paths)) {
    await stopUnit(systemd, paths)
    await removeUnit(systemd, paths)
  }
  if (!systemd.isRunning || (!atBoot && !hasUnit(systemd, paths)))
    return ensureService(paths, SUPERVISOR, root)
  // The unit may be of an older checkout: it is written anew when it differs.
  const isUnits = hasUnit(systemd, paths)
  await installUnit(systemd, paths, root)
  if (!isUnits) await stopService(paths, SUPERVISOR, context.clock)
  await startUnit(systemd, paths)
  return 'run by systemd'
}

export async function startInstance(
  context: CommandContext,
  paths: InstancePaths,
  options: UpOptions,
): Promise<FoundInstance> {
  await finishPurge(context, paths)
  const { version } = context
  const others = await othersOnThisComputer(paths)
  const before = examineDataDirectory(paths, { version, others })
  const asked = askedPorts(options)
  const listen = listenAddress(options, before)
  const isRunning = SERVICES.some((name) => findService(paths, name) !== undefined)
  if (before !== undefined) {
    refusePortChange(before, asked, isRunning)
    if (isRunning && listen !== before.listen)
      throw new Failure(
        `this instance runs and listens on ${before.listen ?? 'loopback only'}. Stop it with 'ccs down' before changing --listen`,
      )
  }
  await phase(context, 'preflight', () => check(context, paths, { isRunning, before }), {
    budgetMs: INSTALL_BUDGET_MS,
  })
  const file = await claim(context, paths, { asked, before, listen })
  await phase(context, 'processes', async () => {
    // Processes of another version would go on as they are: what was upgraded is started anew.
    if (before !== undefined && before.version !== version) await stopProcesses(context, paths)
    const all: string[] = []
    for (const name of SERVICES)
      all.push(`${name} ${await ensureService(paths, name, context.root)}`)
    all.push(`${SUPERVISOR} ${await ensureSupervisor(context, paths, options.atBoot)}`)
    return all.join(', ')
  })
  if (options.atBoot && !context.systemd.isRunning)
    context.say(
      'This computer is not run by systemd: the processes are looked after, but nothing starts them at boot. ' +
        `Have its init run\n  ${context.root}/ccs up --data-dir ${paths.dataDir}`,
    )
  return { paths, file }
}
