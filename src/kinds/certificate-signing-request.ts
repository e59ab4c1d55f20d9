import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from './k8s/certificates.ts'
import type { WriteContext } from './definition.ts'
import { humanDuration } from './age.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { timestampOf } from './meta.ts'
import { keepField } from './prepare.ts'
import { certificateSigningRequests } from './refs.ts'
import {
  validateSigningRequest,
  validateSigningRequestUpdate,
} from './validate/certificate-signing-request.ts'

export type { CertificateSigningRequest } from './k8s/certificates.ts'

const SECOND_MS = 1_000
const NOBODY: WriteContext = { user: { username: '', groups: [] }, now: 0 }

/** "Approved,Issued": what was decided, then whether there is a certificate. */
function conditionCell({ status }: CertificateSigningRequest): string {
  const types = new Set((status?.conditions ?? []).map(({ type }) => type))
  const decided = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending'
  return [
    decided,
    ...(types.has('Failed') ? ['Failed'] : []),
    ...(status?.certificate ? ['Issued'] : []),
  ].join(',')
}

/** Who asks is what the API server knows of them, not what they say. */
function nameRequester(request: CertificateSigningRequest, { user }: WriteContext): void {
  const { spec } = request
  const { username, uid, groups, extra } = user
  for (const key of ['uid', 'groups', 'extra'] as const) delete spec[key]
  Object.assign(spec, {
    username,
    ...(uid === undefined ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(extra === undefined ? {} : { extra: structuredClone(extra) }),
  })
}

function stampConditions(
  conditions: readonly CertificateSigningRequestCondition[],
  before: readonly CertificateSigningRequestCondition[],
  now: number,
): void {
  for (const condition of conditions) {
    condition.lastUpdateTime ??= timestampOf(now)
    const old = before.find(({ type }) => type === condition.type)
    const isSame = old !== undefined && old.status === condition.status
    condition.lastTransitionTime ??=
      (isSame ? old.lastTransitionTime : undefined) ?? timestampOf(now)
  }
}

export const certificateSigningRequestKind = defineKind<CertificateSigningRequest>({
  ref: certificateSigningRequests,
  schema: 'io.k8s.api.certificates.v1.CertificateSigningRequest',
  shortNames: ['csr'],
  subresources: ['approval', 'status'],
  nameRule: 'path-segment',
  defaults(request) {
    request.spec ??= {} as CertificateSigningRequest['spec']
    request.spec.request ??= ''
    request.spec.signerName ??= ''
  },
  validate: (request, old, subresource) => [
    ...validateSigningRequest(request, old),
    ...(old === undefined ? [] : validateSigningRequestUpdate(request, old, subresource)),
  ],
  prepare(request, old, subresource, context = NOBODY) {
    if (old === undefined) {
      nameRequester(request, context)
      request.status = {}
      return
    }
    keepField(request, old, 'spec')
    if (subresource === undefined) {
      keepField(request, old, 'status')
      return
    }
    const conditions = request.status?.conditions
    if (subresource === 'approval') {
      request.status = structuredClone(old.status ?? {})
      if (conditions === undefined) delete request.status.conditions
      else request.status.conditions = conditions
    }
    stampConditions(conditions ?? [], old.status?.conditions ?? [], context.now)
  },
  columns: [
    nameColumn,
    ageColumn,
    column('SignerName', 'Who is to sign.', ({ spec }) => spec.signerName || '<none>'),
    column('Requestor', 'Who asks.', ({ spec }) => spec.username ?? ''),
    column('RequestedDuration', 'How long the certificate is to be valid.', ({ spec }) =>
      spec.expirationSeconds === undefined
        ? '<none>'
        : humanDuration(spec.expirationSeconds * SECOND_MS),
    ),
    column('Condition', 'What became of the request.', conditionCell),
  ],
  fields: { 'spec.signerName': ({ spec }) => spec.signerName },
})
