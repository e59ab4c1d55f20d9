// The operator's audit policy, read anew when its file changes. A file that is wrong changes nothing: what was logged
// before goes on to be logged.
import { readFileSync, statSync } from 'node:fs'
import { auditLimits } from '#apiserver/audit/audit-limits.ts'
import { defaultPolicy } from '#apiserver/audit/default-policy.ts'
import { readPolicy } from '#apiserver/audit/read-policy.ts'
import type { Clock } from '#base/clock.ts'
import { describeError, type Logger } from '#base/log.ts'
import { Periodic } from '#base/periodic.ts'
import type { AuditPolicy } from '#kinds/k8s/audit.ts'

const LOOK_EVERY_MS = 2_000

export interface AuditPolicyFileOptions {
  file: string
  clock: Clock
  log: Logger
}

export class AuditPolicyFile {
  readonly #options: AuditPolicyFileOptions
  readonly #looking: Periodic
  #policy: AuditPolicy = defaultPolicy
  /** What was read last; undefined before the first look. */
  #seen: string | undefined
  #fault: string | undefined

  constructor(options: AuditPolicyFileOptions) {
    this.#options = options
    const { clock, log, file } = options
    this.#looking = new Periodic({
      periodMs: LOOK_EVERY_MS,
      clock,
      work: () => Promise.resolve(this.look()),
      failed: (error) => log.error('the audit policy could not be looked at', { file, error }),
    })
  }

  /** Reads the file now, and again whenever it changes. */
  start(): void {
    this.look()
    this.#looking.start()
  }

  stop(): Promise<void> {
    return this.#looking.stop()
  }

  readonly policy = (): AuditPolicy => this.#policy

  /** Why the file is not what is gone by; undefined when it is, or when there is none. */
  get fault(): string | undefined {
    return this.#fault
  }

  look(): void {
    const { file, log } = this.#options
    const version = versionOf(file)
    if (version === this.#seen) return
    const isFirst = this.#seen === undefined
    this.#seen = version
    this.#fault = undefined
    if (version === ABSENT) {
      this.#policy = defaultPolicy
      if (!isFirst) log.info('the audit policy is the default one again', { file })
      return
    }
    try {
      this.#policy = readPolicy(readText(file))
      log.info('read the audit policy', { file, rules: this.#policy.rules.length })
    } catch (error) {
      this.#fault = describeError(error)
      const keeps = isFirst ? 'the default one is used' : 'the one before stays'
      log.error(`the audit policy is wrong, ${keeps}`, { file, error: this.#fault })
    }
  }
}

const ABSENT = 'absent'

function versionOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return ABSENT
  const { mtimeMs, ino, size } = found
  return `${mtimeMs} ${ino} ${size}`
}

function readText(file: string): string {
  const { size } = statSync(file)
  if (size > auditLimits.policyBytesMax)
    throw new Error(`it has ${size} bytes, more than ${auditLimits.policyBytesMax}`)
  return readFileSync(file, 'utf8')
}
