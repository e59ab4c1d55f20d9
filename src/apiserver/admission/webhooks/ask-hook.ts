// Puts one request to one webhook, and judges what became of that by the webhook's own policy.
import { badRequest } from '#base/errors.ts'
import type { KubeObject } from '#kinds/object.ts'
import { internalError, GivenStatusError } from '../../api-errors.ts'
import type { ClusterContext } from '../../context.ts'
import { callWebhook } from '../../outgoing/call-webhook.ts'
import {
  admissionReview,
  readVerdict,
  type ReviewSubject,
  reviewVersion,
  type Verdict,
} from './admission-review.ts'
import { noteAnswer, noteFailedOpen, type Turn } from './audit-notes.ts'
import { type Invocation, kindOf, subjectOf, tripleOf } from './match-hook.ts'
import { presented } from './object-forms.ts'
import { type PatchOperations, readPatch } from './read-patch.ts'

export type AskContext = Pick<ClusterContext, 'objects' | 'random' | 'outgoing' | 'log'>

export interface Question {
  invocation: Invocation
  turn: Turn
  mutating: boolean
  /** The object as the webhook knows it. */
  object: KubeObject | undefined
}

/**
 * The changes that the webhook wishes for; undefined when it could not be asked and does not insist. Throws when
 * it refuses, or could not be asked and insists.
 */
export async function askHook(
  context: AskContext,
  question: Question,
): Promise<PatchOperations | undefined> {
  const { invocation, mutating, turn } = question
  const { hook, request } = invocation
  if (request.dryRun && hook.sideEffectsOnDryRun)
    throw badRequest(`admission webhook "${hook.name}" does not support dry run`)
  try {
    const verdict = await call(context, question)
    noteAnswer(request, hook, verdict.auditAnnotations)
    request.warnings?.push(...verdict.warnings)
    if (!verdict.allowed) throw denial(hook.name, verdict)
    return readPatch(verdict.patch)
  } catch (error) {
    if (error instanceof GivenStatusError) throw error
    const message = `failed calling webhook "${hook.name}": ${(error as Error).message}`
    if (hook.failClosed) throw internalError(message, error)
    context.log.warn('a webhook was not asked, and is passed over', { webhook: hook.id, error })
    noteFailedOpen(request, hook, turn, mutating ? 'mutating' : 'validating')
    return undefined
  }
}

async function call(context: AskContext, question: Question): Promise<Verdict> {
  const { hook } = question.invocation
  const version = reviewVersion(hook.reviewVersions)
  if (version === undefined)
    throw new Error(
      'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)',
    )
  const subject = await reviewSubject(question, context.random.uuid())
  const answer = await callWebhook(context, hook.place, {
    review: admissionReview(version, subject),
    timeoutMs: hook.timeoutMs,
  }).catch((error: unknown) => {
    throw new Error(`failed to call webhook: ${(error as Error).message}`, { cause: error })
  })
  try {
    return readVerdict(answer, { version, uid: subject.uid, mutating: question.mutating })
  } catch (error) {
    throw new Error(`received invalid webhook response: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

async function reviewSubject(
  { invocation, object }: Question,
  uid: string,
): Promise<ReviewSubject> {
  const { from, to, request } = invocation
  const { objectKind, old } = request
  return {
    uid,
    kind: objectKind ?? kindOf(to),
    resource: tripleOf(to),
    requestKind: objectKind ?? kindOf(from),
    requestResource: tripleOf(from),
    subresource: request.subresource,
    name: request.name,
    namespace: subjectOf(request).namespace || undefined,
    operation: request.operation,
    user: request.user,
    object,
    oldObject: old === undefined || objectKind !== undefined ? old : await presented(to, old),
    dryRun: request.dryRun,
    options: request.options,
  }
}

/** The webhook's own Status, with a code that says that it failed (apiserver webhook/errors). */
function denial(name: string, { result }: Verdict): GivenStatusError {
  const { reason, message, details, code = 0 } = result
  const deniedBy = `admission webhook "${name}" denied the request`
  const why = message || reason
  return new GivenStatusError({
    message: why ? `${deniedBy}: ${why}` : `${deniedBy} without explanation`,
    ...(reason ? { reason } : {}),
    ...(details === undefined ? {} : { details }),
    code: code < 400 ? 400 : code,
  })
}
