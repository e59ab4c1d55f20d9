// A check looks at one thing that ccs needs and says what it found. `ccs up` runs those of the computer before it begins,
// `ccs doctor` all of them at any time.
import { describeError } from '#base/log.ts'

export type CheckState = 'ok' | 'warn' | 'fail'

export interface Finding {
  state: CheckState
  /** What was found, with the culprit by name: a port, a process, a package, a rule. */
  found: string
  /** The command or step that mends it; undefined when there is nothing to mend. */
  mend?: string
}

export interface Check<Subject> {
  name: string
  look(subject: Subject): Promise<Finding[]> | Finding[]
}

export interface CheckRow extends Finding {
  check: string
}

export const ok = (found: string): Finding => ({ state: 'ok', found })
export const warn = (found: string, mend: string): Finding => ({ state: 'warn', found, mend })
export const fail = (found: string, mend: string): Finding => ({ state: 'fail', found, mend })

/** One after the other, so that none measures the load of another. A check that cannot look is a failure of its own. */
export async function runChecks<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
): Promise<CheckRow[]> {
  const rows: CheckRow[] = []
  for (const check of checks) {
    let findings: Finding[]
    try {
      findings = await check.look(subject)
    } catch (error) {
      findings = [fail(`this could not be looked at: ${describeError(error)}`, 'see the message')]
    }
    rows.push(...findings.map((finding) => ({ check: check.name, ...finding })))
  }
  return rows
}

/** The worst state of all. */
export const worst = (rows: readonly Finding[]): CheckState =>
  rows.some(({ state }) => state === 'fail')
    ? 'fail'
    : rows.some(({ state }) => state === 'warn')
      ? 'warn'
      : 'ok'

const MIB = 1024 * 1024

/** "512 MiB", "21.3 GiB" */
export const renderSize = (bytes: number): string =>
  Math.abs(bytes) < 1024 * MIB
    ? `${Math.floor(bytes / MIB)} MiB`
    : `${(bytes / 1024 / MIB).toFixed(1)} GiB`

/** Findings for a message: each with the command that mends it on a line of its own. */
export const renderProblems = (problems: readonly Finding[]): string =>
  problems
    .map(({ found, mend }) => `  - ${found}${mend === undefined ? '' : `\n    ${mend}`}`)
    .join('\n')
