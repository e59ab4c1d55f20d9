// Kernel settings of a network namespace.
import { readFileSync, writeFileSync } from 'node:fs'
import { nsenterArgv } from './nsenter.ts'
import { run } from './run.ts'

const pathOf = (key: string): string => `/proc/sys/${key.replaceAll('.', '/')}`

/** Sets host settings such as { 'net.ipv4.ip_forward': '1' }; writes only what differs. */
export function setHostSysctls(settings: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(settings)) {
    const file = pathOf(key)
    if (readFileSync(file, 'utf8').trim() !== value) writeFileSync(file, value)
  }
}

/**
 * Sets settings inside a namespace. /proc/sys/net shows the namespace of whoever opens it, so a process in
 * there has to; `tee` needs one for each distinct value.
 */
export async function setNamespaceSysctls(
  netnsPath: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  for (const value of new Set(Object.values(settings))) {
    const files = Object.keys(settings).filter((key) => settings[key] === value)
    await run(nsenterArgv(netnsPath, ['tee', '--', ...files.map(pathOf)]), { input: value })
  }
}
