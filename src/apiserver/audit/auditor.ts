// Decides which requests are audited, and gives each its id.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { UserInfo } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { AuditEvent, AuditPolicy } from '#kinds/k8s/audit.ts'
import type { RequestInfo } from '../request-info.ts'
import { auditIdOf } from './audit-id.ts'
import { isConfidential } from './confidential.ts'
import { matchPolicy } from './match-policy.ts'
import { type Arrival, RequestAudit } from './request-audit.ts'

export interface AuditSink {
  write(event: AuditEvent): void
  /** Resolves when there is room for more, or when that took too long; undefined when there is. */
  room(): Promise<void> | undefined
}

/** What a logical cluster is given to be audited. */
export interface AuditOptions {
  /** The policy of now. */
  policy: () => AuditPolicy
  sink: AuditSink
}

export interface Auditor {
  /** The id is answered in the header `Audit-Id`. */
  arrived(request: IncomingMessage, uri: string): Arrival
  /** Undefined when the policy wants nothing to be logged of it. */
  begin(arrival: Arrival, user: UserInfo, info: RequestInfo): RequestAudit | undefined
  /** Nobody knows who asked. */
  refused(arrival: Arrival, info: RequestInfo, code: number): void
}

export function createAuditor(
  { clock, random }: { clock: Clock; random: Random },
  options: AuditOptions | undefined,
): Auditor {
  const open = (arrival: Arrival, user: UserInfo | undefined, info: RequestInfo) => {
    if (options === undefined) return undefined
    const verdict = matchPolicy(options.policy(), { user, info })
    if (verdict.level === 'None') return undefined
    if (isConfidential(info)) verdict.level = 'Metadata'
    return new RequestAudit({ arrival, user, info, verdict }, { sink: options.sink, clock })
  }
  return {
    arrived: ({ headers, socket }, uri) => ({
      auditId: auditIdOf(headers['audit-id'], random),
      receivedAt: clock.now(),
      uri,
      headers,
      remote: socket.remoteAddress,
    }),
    begin: open,
    refused: (arrival, info, code) =>
      open(arrival, undefined, info)?.refused(code, attemptText(arrival)),
  }
}

/** With what somebody tried to authenticate, as Kubernetes says it. */
function attemptText({ headers: { authorization = '' } }: Arrival): string {
  const scheme = /^(basic|bearer)\s/i.exec(authorization.trim())?.[1]
  return scheme === undefined
    ? 'Authentication failed, no credentials provided'
    : `Authentication failed, attempted: ${scheme.toLowerCase()}`
}

export const codeOf = (response: ServerResponse): number | undefined =>
  response.headersSent ? response.statusCode : undefined
