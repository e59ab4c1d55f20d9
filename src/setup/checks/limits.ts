// Limits of the kernel that many containers run into.
import { existsSync, readFileSync } from 'node:fs'
import { type Check, type Finding, ok, warn } from './check.ts'

interface LimitRule {
  /** Below /proc/sys, with dots. */
  sysctl: string
  min: number
  /** What happens below it. */
  consequence: string
}

const RULES: readonly LimitRule[] = [
  {
    sysctl: 'fs.inotify.max_user_instances',
    min: 128,
    consequence: 'containerd and programs that watch files fail with "too many open files"',
  },
  {
    sysctl: 'fs.inotify.max_user_watches',
    min: 8_192,
    consequence: 'programs that watch files fail with "no space left on device"',
  },
  { sysctl: 'fs.file-max', min: 65_536, consequence: 'opening files fails for everyone' },
  { sysctl: 'kernel.pid_max', min: 32_768, consequence: 'containers cannot start processes' },
  { sysctl: 'vm.max_map_count', min: 65_530, consequence: 'databases and JVMs end at their start' },
]

/** Files that a process may have open (RLIMIT_NOFILE): each connection to a host port is two. */
const OPEN_FILES_MIN = 4_096

export function judgeLimits(
  valueOf: (sysctl: string) => number | undefined,
  openFilesMax: number,
): Finding[] {
  const findings: Finding[] = []
  for (const { sysctl, min, consequence } of RULES) {
    const value = valueOf(sysctl)
    if (value === undefined || value >= min) continue
    findings.push(
      warn(
        `${sysctl} is ${value}: with many containers ${consequence}`,
        `sysctl -w ${sysctl}=${min} && echo ${sysctl}=${min} > /etc/sysctl.d/90-ccs.conf`,
      ),
    )
  }
  if (openFilesMax < OPEN_FILES_MIN)
    findings.push(
      warn(
        `a process may open ${openFilesMax} files only: host ports serve about ${Math.floor(openFilesMax / 2)} connections`,
        `ulimit -n ${OPEN_FILES_MIN * 16} before 'ccs up'`,
      ),
    )
  return findings
}

function readSysctl(sysctl: string): number | undefined {
  const file = `/proc/sys/${sysctl.replaceAll('.', '/')}`
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
}

/** "unlimited" counts as endless. */
export function openFilesLimit(limits: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1]
  return hard === undefined || hard === 'unlimited' ? Infinity : Number(hard)
}

export const limitsCheck: Check<unknown> = {
  name: 'limits',
  look() {
    // Node raises its own soft limit to the hard one when it starts.
    const openFiles = openFilesLimit(readFileSync('/proc/self/limits', 'utf8'))
    const findings = judgeLimits(readSysctl, openFiles)
    return findings.length > 0 ? findings : [ok('inotify, files and processes are enough')]
  },
}
