// The audit of one request: gathers what is known as the request goes on, and writes an event at each stage.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { UserInfo } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import type { StatusError } from '#base/errors.ts'
import type { Status } from '#kinds/object.ts'
import type { AuditEvent, AuditStage } from '#kinds/k8s/audit.ts'
import { AUDIT_API_VERSION } from '#kinds/k8s/audit.ts'
import { statusOf } from '../api-errors.ts'
import { PATCH_NOTE } from '../admission/webhooks/audit-notes.ts'
import type { Call, Outcome } from '../context.ts'
import type { RequestInfo } from '../request-info.ts'
import { auditLimits } from './audit-limits.ts'
import type { AuditSink } from './auditor.ts'
import { isConfidential, isPlainReason } from './confidential.ts'
import { isLongRunning } from '../long-running.ts'
import {
  boundedAnnotations,
  loggedRequest,
  loggedResponse,
  withoutManagedFields,
} from './logged-body.ts'
import type { AuditVerdict } from './match-policy.ts'
import { referenceOf } from './object-reference.ts'
import { loggedUri } from './request-uri.ts'
import { sourceAddresses } from './source-addresses.ts'
import { timeText } from './time-text.ts'

/** A request as it came in, before anything was decided about it. */
export interface Arrival {
  auditId: string
  /** Milliseconds since the epoch. */
  receivedAt: number
  /** Path below the cluster's root, with query. */
  uri: string
  headers: IncomingHttpHeaders
  /** Address of who is connected. */
  remote: string | undefined
}

export interface AuditedRequest {
  arrival: Arrival
  /** Who authenticated. */
  user: UserInfo | undefined
  info: RequestInfo
  verdict: AuditVerdict
}

const TRUNCATED = 'audit.k8s.io/truncated'

/** What Kubernetes says of a request whose client went before there was an answer. */
const CLOSED_EARLY = {
  metadata: {},
  status: 'Success',
  message: 'Connection closed early',
  code: 200,
} satisfies Partial<Status>

export class RequestAudit {
  /** Notes of admission; what is added until the request ends stands in its last event. */
  readonly annotations: Record<string, string> = {}
  readonly #request: AuditedRequest
  readonly #sink: AuditSink
  readonly #clock: Clock
  readonly #isLong: boolean
  #impersonated: UserInfo | undefined
  #call: Call | undefined
  #outcome: Outcome | undefined
  #status: Partial<Status> | undefined
  #requestObject: unknown
  #isBug = false
  #hasEnded = false
  #hasStarted = false

  constructor(request: AuditedRequest, { sink, clock }: { sink: AuditSink; clock: Clock }) {
    this.#request = request
    this.#sink = sink
    this.#clock = clock
    this.#isLong = isLongRunning(request.info)
  }

  /** Waits while the log has more to write than it should; undefined when there is room. */
  received(): Promise<void> | undefined {
    this.#emit('RequestReceived')
    return this.#sink.room()
  }

  impersonated(user: UserInfo): void {
    if (user !== this.#request.user) this.#impersonated = user
  }

  /** Right before the request is answered: what was sent is written down before anything changes it. */
  asked(call: Call): void {
    this.#call = call
    if (this.#hasBodies('Request')) this.#requestObject = this.#bounded(loggedRequest(call))
  }

  answered(outcome: Outcome): void {
    this.#outcome = outcome
    if (outcome.type !== 'object') return
    const { object } = outcome
    if ((object as Partial<Status>).kind !== 'Status') return
    const { apiVersion: _version, kind: _kind, ...status } = object as Status
    this.#status = status
  }

  /** `isBug`: nobody foresaw the error. */
  failed(error: StatusError, isBug: boolean): void {
    this.#isBug = isBug
    const { apiVersion: _version, kind: _kind, ...status } = statusOf(error)
    const { info } = this.#request
    this.#status = status
    if (!isConfidential(info) || isPlainReason(status.reason)) return
    const { message: _message, details: _details, ...rest } = status
    this.#status = { ...rest, message: 'not logged: it may quote what was sent' }
  }

  /** Whoever authenticates in vain is logged once, when that is told. */
  refused(code: number, message: string): void {
    this.#status = { metadata: {}, message, code }
    this.#emit('ResponseStarted')
    this.#hasEnded = true
  }

  /** Writes an event as soon as the answer of a long request begins. */
  followHead(response: ServerResponse): void {
    if (!this.#isLong) return
    const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse
    response.writeHead = (...given: unknown[]) => {
      const written = writeHead(...given)
      this.started(response.statusCode)
      return written
    }
  }

  started(code: number): void {
    if (this.#hasStarted) return
    this.#hasStarted = true
    this.#status = { ...(this.#status ?? { metadata: {} }), code }
    if (this.#isLong) this.#emit('ResponseStarted')
  }

  /** `code`: of the answer; undefined when none was sent. Only the first call counts. */
  ended(code: number | undefined): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    if (code !== undefined) this.#status = { ...(this.#status ?? { metadata: {} }), code }
    if (this.#status === undefined) {
      this.#status = CLOSED_EARLY
      if (this.#isLong && !this.#hasStarted) this.#emit('ResponseStarted')
    }
    this.#emit(this.#isBug ? 'Panic' : 'ResponseComplete')
  }

  #hasBodies(level: 'Request' | 'RequestResponse'): boolean {
    const { verdict } = this.#request
    return verdict.level === 'RequestResponse' || verdict.level === level
  }

  /** What is too large is left out, as Kubernetes' truncating backend does. */
  #bounded(body: unknown): unknown {
    const { omitManagedFields } = this.#request.verdict
    const logged = omitManagedFields ? withoutManagedFields(body) : body
    if (logged === undefined) return undefined
    if (JSON.stringify(logged).length <= auditLimits.bodyBytesMax) return logged
    this.annotations[TRUNCATED] = 'true'
    return undefined
  }

  #emit(stage: AuditStage): void {
    if (this.#request.verdict.omitStages.includes(stage)) return
    this.#sink.write(this.#event(stage))
  }

  #event(stage: AuditStage): AuditEvent {
    const { arrival, user, info, verdict } = this.#request
    const { headers, remote } = arrival
    const userAgent = headers['user-agent']?.slice(0, auditLimits.userAgentLengthMax)
    const isOver = stage === 'ResponseComplete' || stage === 'Panic'
    const isLogged = isOver && this.#hasBodies('RequestResponse') && this.#outcome !== undefined
    const response = isLogged ? this.#bounded(loggedResponse(this.#outcome!)) : undefined
    const reference = referenceOf(info, isOver ? this.#call : undefined, this.#outcome)
    // Fields without a value are not written. All events have the same: that is quicker than to leave some out.
    return {
      kind: 'Event',
      apiVersion: AUDIT_API_VERSION,
      level: verdict.level,
      auditID: arrival.auditId,
      stage,
      requestURI: loggedUri(arrival.uri),
      verb: info.verb,
      user: user ?? {},
      impersonatedUser: this.#impersonated,
      sourceIPs: sourceAddresses(headers, remote),
      userAgent,
      objectRef: reference,
      responseStatus: this.#status,
      requestObject: this.#requestObject,
      responseObject: response,
      requestReceivedTimestamp: timeText(arrival.receivedAt),
      stageTimestamp: timeText(this.#clock.now()),
      annotations: this.#notes(),
    }
  }

  #notes(): Record<string, string> | undefined {
    const decision = this.#call?.decision
    if (decision !== undefined) {
      this.annotations['authorization.k8s.io/decision'] = decision.allowed ? 'allow' : 'forbid'
      this.annotations['authorization.k8s.io/reason'] = decision.reason
    }
    const hasBody = this.#hasBodies('Request')
    const told = Object.entries(this.annotations).filter(
      ([key]) => hasBody || !key.startsWith(PATCH_NOTE),
    )
    const annotations = boundedAnnotations(Object.fromEntries(told), TRUNCATED)
    return Object.keys(annotations).length === 0 ? undefined : annotations
  }
}
