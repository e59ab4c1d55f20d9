// The system packages that ccs stands on: there, and new enough.
import { run } from '#linux/run.ts'
import {
  installCommand,
  missingPackages,
  readOsRelease,
  SYSTEM_PACKAGES,
  type SystemPackage,
} from '../packages.ts'
import { type Check, fail, type Finding, ok } from './check.ts'

interface ToolRule {
  argv: string[]
  name: string
  /** The oldest version that works, as MAJOR.MINOR. */
  min: string
}

const TOOLS: readonly ToolRule[] = [
  // CRI v1 came with 1.6; nsenter'd machines need its netns_mounts_under_state_dir.
  { name: 'containerd', argv: ['containerd', '--version'], min: '1.6' },
  { name: 'runc', argv: ['runc', '--version'], min: '1.1' },
  // Concatenated verdict maps with intervals.
  { name: 'nft', argv: ['nft', '--version'], min: '1.0' },
]

/** The first MAJOR.MINOR[.PATCH] in what a program says of itself. */
export const versionIn = (text: string): string | undefined => /\d+\.\d+(\.\d+)?/.exec(text)?.[0]

export function isOlder(version: string, min: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [minMajor = 0, minMinor = 0] = min.split('.').map(Number)
  return major < minMajor || (major === minMajor && minor < minMinor)
}

export function judgeTool({ name, min }: { name: string; min: string }, said: string): Finding {
  const version = versionIn(said)
  if (version === undefined) return fail(`${name} does not say its version`, `reinstall ${name}`)
  if (isOlder(version, min))
    return fail(
      `${name} ${version} is too old; ccs needs ${min} or newer`,
      `apt-get install -y ${name}, or a newer release of this distribution`,
    )
  return ok(`${name} ${version}`)
}

/** What is missing, by name and purpose, with the command that installs it. */
export function judgeMissing(missing: readonly SystemPackage[], osRelease: string): Finding[] {
  if (missing.length === 0) return []
  const command = installCommand(missing, osRelease)
  const names = missing.map(({ name, why }) => `${name} (${why})`).join(', ')
  return [
    fail(
      `missing: ${names}`,
      command === undefined
        ? 'install what provides them'
        : `apt-get update && ${command.join(' ')}, or 'ccs up', which does it`,
    ),
  ]
}

export const toolsCheck: Check<unknown> = {
  name: 'packages',
  async look() {
    const missing = missingPackages(SYSTEM_PACKAGES)
    const findings = judgeMissing(missing, readOsRelease())
    if (findings.length > 0) return findings
    const tools = await Promise.all(
      TOOLS.map(async (tool) => {
        try {
          return judgeTool(tool, await run(tool.argv))
        } catch (error) {
          return fail(
            `${tool.name} cannot be run: ${(error as Error).message}`,
            `reinstall ${tool.name}`,
          )
        }
      }),
    )
    const bad = tools.filter(({ state }) => state !== 'ok')
    return bad.length > 0 ? bad : [ok(tools.map(({ found }) => found).join(', '))]
  },
}
