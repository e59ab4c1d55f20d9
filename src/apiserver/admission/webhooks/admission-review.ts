// The AdmissionReview that a webhook is asked with, and what may be its answer. Pure.
import type { UserInfo } from '#base/api-call.ts'
import type { Status } from '#kinds/object.ts'
import { isRecord } from '../../body.ts'

export interface KindName {
  group: string
  version: string
  kind: string
}

export interface ResourceTriple {
  group: string
  version: string
  resource: string
}

export interface ReviewSubject {
  uid: string
  /** As the webhook's rule names it, and as the request named it. */
  kind: KindName
  resource: ResourceTriple
  requestKind: KindName
  requestResource: ResourceTriple
  subresource: string | undefined
  name: string
  namespace: string | undefined
  operation: string
  user: UserInfo
  object: unknown
  oldObject: unknown
  dryRun: boolean
  options: unknown
}

const VERSIONS = ['v1', 'v1beta1']

/** The newest version of AdmissionReview that both know; undefined where there is none. */
export const reviewVersion = (accepted: readonly string[]): string | undefined =>
  accepted.find((version) => VERSIONS.includes(version))

export function admissionReview(version: string, subject: ReviewSubject): Record<string, unknown> {
  const { user, name, namespace, subresource } = subject
  const sub = (key: string) => (subresource === undefined ? {} : { [key]: subresource })
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid: subject.uid,
      kind: subject.kind,
      resource: subject.resource,
      ...sub('subResource'),
      requestKind: subject.requestKind,
      requestResource: subject.requestResource,
      ...sub('requestSubResource'),
      ...(name === '' ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      operation: subject.operation,
      userInfo: {
        username: user.username,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        groups: user.groups,
        ...(user.extra === undefined ? {} : { extra: user.extra }),
      },
      object: subject.object ?? null,
      oldObject: subject.oldObject ?? null,
      dryRun: subject.dryRun,
      options: subject.options ?? null,
    },
  }
}

export interface Verdict {
  allowed: boolean
  /** Why not, as far as the webhook says. */
  result: Partial<Status>
  /** JSON of a JSON Patch. */
  patch: string | undefined
  warnings: string[]
  auditAnnotations: Record<string, string>
}

/** Throws an Error that says what is wrong with the answer. */
export function readVerdict(
  answer: unknown,
  asked: { version: string; uid: string; mutating: boolean },
): Verdict {
  if (!isRecord(answer)) throw new Error('webhook response was no object')
  const { response } = answer
  if (!isRecord(response)) throw new Error('webhook response was absent')
  if (asked.version === 'v1') checkEnvelope(answer, response, asked.uid)
  const { patch, patchType } = response
  const hasPatch = typeof patch === 'string' && patch !== ''
  if (!asked.mutating) {
    if (hasPatch) throw new Error('validating webhook may not return response.patch')
    if (patchType !== undefined)
      throw new Error('validating webhook may not return response.patchType')
  } else if (asked.version === 'v1') checkPatchType(hasPatch, patchType)
  return {
    allowed: response['allowed'] === true,
    result: isRecord(response['status']) ? (response['status'] as Partial<Status>) : {},
    patch: hasPatch ? Buffer.from(patch, 'base64').toString() : undefined,
    warnings: stringsOf(response['warnings']),
    auditAnnotations: textsOf(response['auditAnnotations']),
  }
}

function checkEnvelope(
  { kind, apiVersion }: Record<string, unknown>,
  response: Record<string, unknown>,
  uid: string,
): void {
  if (response['uid'] !== uid)
    throw new Error(
      `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`,
    )
  if (kind !== 'AdmissionReview' || apiVersion !== 'admission.k8s.io/v1')
    throw new Error(
      `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${textOf(apiVersion)}, Kind=${textOf(kind)}`,
    )
}

function checkPatchType(hasPatch: boolean, patchType: unknown): void {
  if (hasPatch && patchType === undefined)
    throw new Error('webhook returned response.patch but not response.patchType')
  if (!hasPatch && patchType !== undefined)
    throw new Error('webhook returned response.patchType but not response.patch')
  if (hasPatch && patchType !== 'JSONPatch')
    throw new Error(`webhook returned invalid response.patchType of ${JSON.stringify(patchType)}`)
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const textsOf = (value: unknown): Record<string, string> =>
  isRecord(value)
    ? Object.fromEntries(
        Object.entries(value).filter((entry): entry is [string, string] => {
          return typeof entry[1] === 'string'
        }),
      )
    : {}

const stringsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
