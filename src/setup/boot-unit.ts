// `ccs up --at-boot`: one systemd unit, whose process is the supervisor. With KillMode=process systemd ends nothing but
// that; what it looks after outlives it, and is found again by the next (docs/decisions/0024).
import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '#base/atomic-file.ts'
import { run } from '#linux/run.ts'
import type { InstancePaths } from './instance.ts'
import { processCommand, SUPERVISOR } from './services.ts'

export interface Systemd {
  /** Where an administrator's units lie: systemd.unit(5). */
  unitDirectory: string
  /** Whether systemd runs this computer: without it units can be removed, but nothing be started. */
  isRunning: boolean
  systemctl(...args: string[]): Promise<unknown>
}

/** Stopping waits for the containers of all machines. */
const SYSTEMCTL_TIMEOUT_MS = 120_000
const STOP_SECONDS = 90

/** The supervisor stops everything when systemd stops it, and nothing when a person kills it. */
export const UNIT_FLAG = '--unit'

export const hostSystemd: Systemd = {
  unitDirectory: '/etc/systemd/system',
  // The test of sd_booted(3).
  get isRunning() {
    return existsSync('/run/systemd/system')
  },
  systemctl: (...args) => run(['systemctl', ...args], { timeoutMs: SYSTEMCTL_TIMEOUT_MS }),
}

export const unitName = ({ id }: InstancePaths): string => `ccs-${id}.service`

const unitFile = (systemd: Systemd, paths: InstancePaths) =>
  path.join(systemd.unitDirectory, unitName(paths))

export const hasUnit = (systemd: Systemd, paths: InstancePaths): boolean =>
  existsSync(unitFile(systemd, paths))

/** A word in quotes, as systemd.syntax(7) wants it; "%" would be a specifier. */
const quote = (word: string) =>
  `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`

/** In commands alone "$" would be a variable: systemd.service(5). The replacement is two of them. */
const quoteArgument = (word: string) => quote(word).replaceAll('$', '$$$$')

export function renderUnit(paths: InstancePaths, root: string): string {
  const { argv, env } = processCommand(paths, SUPERVISOR, root)
  const settings = Object.entries(env).map(([name, value]) => quote(`${name}=${value}`))
  return `# Written by 'ccs up --at-boot'; 'ccs up --no-at-boot' and 'ccs down --purge' remove it.
[Unit]
Description=ccs in ${paths.dataDir.replaceAll('%', '%%')}
# Whoever sets up a firewall at boot does it before we look at it.
After=network.target nftables.service ufw.service firewalld.service docker.service
RequiresMountsFor=${quote(paths.dataDir)} ${quote(root)}
# Without it, whoever deleted the data would have us tried every two seconds for ever.
ConditionPathExists=${paths.instanceFile.replaceAll('%', '%%')}
StartLimitIntervalSec=0

[Service]
Type=exec
Environment=${settings.join(' ')}
ExecStart=${[...argv, UNIT_FLAG].map(quoteArgument).join(' ')}
Restart=always
RestartSec=2
KillMode=process
TimeoutStopSec=${STOP_SECONDS}
LimitNOFILE=1048576
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`
}

/** Whether the unit is there as this checkout would write it. */
export const isUnitCurrent = (systemd: Systemd, paths: InstancePaths, root: string): boolean =>
  hasUnit(systemd, paths) &&
  readFileSync(unitFile(systemd, paths), 'utf8') === renderUnit(paths, root)

/** Writes the unit, or anew when it differs, and has it started at each boot. Does not start it now. */
export async function installUnit(
  systemd: Systemd,
  paths: InstancePaths,
  root: string,
): Promise<void> {
  if (!isUnitCurrent(systemd, paths, root)) {
    writeFileAtomic(unitFile(systemd, paths), renderUnit(paths, root), { mode: 0o644 })
    await systemd.systemctl('daemon-reload')
  }
  await systemd.systemctl('enable', unitName(paths))
}

export async function startUnit(systemd: Systemd, paths: InstancePaths): Promise<void> {
  await systemd.systemctl('start', unitName(paths))
}

/** Stops what the unit runs, and thereby the whole instance. Without a unit there is nothing to do. */
export async function stopUnit(systemd: Systemd, paths: InstancePaths): Promise<void> {
  if (systemd.isRunning && hasUnit(systemd, paths)) await systemd.systemctl('stop', unitName(paths))
}

/** Removes the unit; what it runs goes on. Works where systemd does not run, as in a rescue system. */
export async function removeUnit(systemd: Systemd, paths: InstancePaths): Promise<boolean> {
  if (!hasUnit(systemd, paths)) return false
  if (systemd.isRunning) await systemd.systemctl('disable', unitName(paths))
  rmSync(unitFile(systemd, paths), { force: true })
  rmSync(path.join(systemd.unitDirectory, 'multi-user.target.wants', unitName(paths)), {
    force: true,
  })
  if (systemd.isRunning) await systemd.systemctl('daemon-reload')
  return true
}
