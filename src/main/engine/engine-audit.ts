// The audit of all clusters of an instance: one policy, a log for each cluster that is used.
import { auditLimits } from '#apiserver/audit/audit-limits.ts'
import { defaultPolicy } from '#apiserver/audit/default-policy.ts'
import { readPolicy } from '#apiserver/audit/read-policy.ts'
import type { AuditOptions } from '#apiserver/audit/auditor.ts'
import { createAuditLog } from '#apiserver/audit/audit-log.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { OperatorFile } from './operator-file.ts'

export interface EngineAudit {
  of(cluster: string): AuditOptions
  /** What keeps it from logging what it should; empty when all is well. */
  problems(): string[]
  /** Writes what waits. */
  close(): Promise<void>
}

/** The operator's policy; the default one where there is none. */
export const auditPolicyFile = (options: { file: string; clock: Clock; log: Logger }) =>
  new OperatorFile({
    ...options,
    what: 'audit policy',
    bytesMax: auditLimits.policyBytesMax,
    fallback: defaultPolicy,
    read: readPolicy,
  })

export function openAudit(options: {
  /** Where the logs go, and where the operator's policy is looked for. */
  directory: string
  policyFile: string
  clock: Clock
  log: Logger
}): EngineAudit {
  const { directory, policyFile: file, clock, log } = options
  const policyFile = auditPolicyFile({ file, clock, log })
  policyFile.start()
  const auditLog = createAuditLog({ directory, clock, log })
  return {
    of: (cluster) => ({ policy: policyFile.value, sink: auditLog.sinkOf(cluster) }),
    problems() {
      const { fault } = policyFile
      const ofPolicy = fault === undefined ? [] : [`${file} is not used: ${fault}`]
      return [...ofPolicy, ...auditLog.problems()]
    },
    async close() {
      await policyFile.stop()
      await auditLog.close()
    },
  }
}
