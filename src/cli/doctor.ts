// `ccs doctor`: looks at everything that an instance stands on, whether it runs, was stopped, or is yet to be made.
import { bootCheck } from '#setup/checks/boot.ts'
import { certificateCheck } from '#setup/checks/certificates.ts'
import { type CheckRow, runChecks, worst } from '#setup/checks/check.ts'
import { checkComputer } from '#setup/checks/computer.ts'
import { leftoverCheck, removeLeftovers } from '#setup/checks/leftovers.ts'
import { listeningCheck } from '#setup/checks/listening.ts'
import { portCheck } from '#setup/checks/ports.ts'
import { processCheck } from '#setup/checks/processes.ts'
import { type InstanceFile, type InstancePaths, readInstance } from '#setup/instance.ts'
import { readPorts } from '#setup/make-instance.ts'
import { findService, SERVICES } from '#setup/services.ts'
import { type CommandContext, type CommonOptions, outputFormat, pathsOf } from './context.ts'
import { INSTANCE_CHECKS } from './doctor-instance.ts'
import { EXIT, Failure } from './failure.ts'
import { renderValue } from './output.ts'
import { runningPorts } from './up-start.ts'

export interface DoctorOptions extends CommonOptions {
  fix?: boolean
}

async function lookAtComputer(
  context: CommandContext,
  paths: InstancePaths,
  file: InstanceFile | undefined,
): Promise<CheckRow[]> {
  const isRunning = SERVICES.some((name) => findService(paths, name) !== undefined)
  const rows = await checkComputer({
    ...paths,
    isRunning,
    nowMs: context.clock.now(),
    createdAtMs: file === undefined ? undefined : Date.parse(file.createdAt),
  })
  const readings = await readPorts(paths, file?.listen)
  const ports = { stored: file?.ports, running: runningPorts(paths), readings }
  return [
    ...rows,
    ...(await runChecks([portCheck], ports)),
    ...(await runChecks([leftoverCheck], paths)),
  ]
}

async function lookAtInstance(
  context: CommandContext,
  paths: InstancePaths,
  file: InstanceFile,
): Promise<CheckRow[]> {
  const subject = { ...paths, paths, listen: file.listen, nowMs: context.clock.now() }
  const isRunning = SERVICES.some((name) => findService(paths, name) !== undefined)
  const { systemd, root } = context
  const atBoot = await runChecks([bootCheck], { paths, systemd, root })
  if (!isRunning) return [...atBoot, ...(await runChecks([certificateCheck], subject))]
  return [
    ...atBoot,
    ...(await runChecks<typeof subject>([processCheck, certificateCheck, listeningCheck], subject)),
    ...(await runChecks(INSTANCE_CHECKS, { paths, file, clock: context.clock })),
  ]
}

const WIDTH = 14

function renderRows(rows: readonly CheckRow[]): string {
  const lines = rows.flatMap(({ check, state, found, mend }) => [
    `${check.padEnd(WIDTH)}${state.padEnd(6)}${found}`,
    ...(mend === undefined ? [] : [`${' '.repeat(WIDTH + 6)}${mend}`]),
  ])
  return [`${'CHECK'.padEnd(WIDTH)}${'STATE'.padEnd(6)}FOUND`, ...lines].join('\n')
}

export async function doctor(context: CommandContext, options: DoctorOptions): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Failure("'ccs doctor' looks at firewalls and processes of root: 'sudo ./ccs doctor'")
  const format = outputFormat(options)
  const paths = pathsOf(options)
  const file = readInstance(paths)
  if (options.fix)
    for (const { id, what } of await removeLeftovers(paths.id, context.clock))
      context.say(`removed ${what.join(', ')} of instance ${id}, whose data are gone`)
  const rows = [
    ...(await lookAtComputer(context, paths, file)),
    ...(file === undefined ? [] : await lookAtInstance(context, paths, file)),
  ]
  const state = worst(rows)
  const { version } = context
  const report = { version, instance: file?.id ?? null, state, checks: rows }
  context.print(format === 'table' ? renderRows(rows) : renderValue(report, format))
  if (state === 'fail') {
    const names = new Set(rows.filter((row) => row.state === 'fail').map(({ check }) => check))
    throw new Failure(`failed: ${[...names].join(', ')}`, EXIT.failed)
  }
}
