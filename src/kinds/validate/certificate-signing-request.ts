// Requests for certificates: what is asked for, who signs, and who may decide what.
import type { FieldError, Subresource } from '../definition.ts'
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../k8s/certificates.ts'
import { checkDnsLabel, checkDnsSubdomain } from '../names.ts'
import { problemOfCertificates, problemOfRequest } from './certificate-pem.ts'
import { deepEqual } from './equal.ts'
import { duplicate, forbidden, invalid, notSupported, required, tooLong } from './field-error.ts'

const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown'
const EXPIRATION_SECONDS_MIN = 600
const DOMAIN_LENGTH_MAX = 253
/** A domain, "/", a namespace, "." and a name. */
const SIGNER_LENGTH_MAX = DOMAIN_LENGTH_MAX + 1 + 63 + 1 + 253
const DECISIONS = ['Approved', 'Denied']
const FINAL = [...DECISIONS, 'Failed']
const STATUS_VALUES = ['False', 'True', 'Unknown']

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

type Conditions = readonly CertificateSigningRequestCondition[]

export function validateSigningRequest(
  { spec, status }: CertificateSigningRequest,
  old: CertificateSigningRequest | undefined,
): FieldError[] {
  const { request, usages = [], signerName, expirationSeconds } = spec
  const errors: FieldError[] = []
  const problem = problemOfRequest(request)
  if (problem !== undefined) errors.push(invalid('spec.request', request, problem))
  if (usages.length === 0) errors.push(required('spec.usages', 'usages must be provided'))
  for (const [index, usage] of usages.entries())
    if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${index}]`, usage, USAGES))
  for (const [index, usage] of usages.entries())
    if (usages.indexOf(usage) < index) errors.push(duplicate(`spec.usages[${index}]`, usage))
  errors.push(...validateSignerName(signerName, 'spec.signerName'))
  if (expirationSeconds !== undefined && expirationSeconds < EXPIRATION_SECONDS_MIN)
    errors.push(
      invalid(
        'spec.expirationSeconds',
        expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    )
  errors.push(...validateConditions(status?.conditions ?? []))
  const certificate = status?.certificate ?? ''
  const why =
    certificate === (old?.status?.certificate ?? '')
      ? undefined
      : problemOfCertificates(certificate)
  if (why !== undefined) errors.push(invalid('status.certificate', '<certificate data>', why))
  return errors
}

/** "example.com/signer" */
function validateSignerName(name: string, field: string): FieldError[] {
  if (!name) return [required(field, 'signerName must be provided')]
  if (name === LEGACY_SIGNER)
    return [invalid(field, name, 'the legacy signerName is not allowed via this API version')]
  const [domain = '', path = '', ...rest] = name.split('/')
  if (!name.includes('/') || rest.length > 0)
    return [
      invalid(
        field,
        name,
        "must be a fully qualified domain and path of the form 'example.com/signer-name'",
      ),
    ]
  const errors: FieldError[] = []
  if (domain.length > DOMAIN_LENGTH_MAX) errors.push(tooLong(field, DOMAIN_LENGTH_MAX))
  const labels = domain.split('.')
  errors.push(...validateParts(field, domain, checkDnsLabel))
  if (labels.length < 2)
    errors.push(
      invalid(field, domain, 'should be a domain with at least two segments separated by dots'),
    )
  errors.push(...validateParts(field, path, checkDnsSubdomain))
  if (name.length > SIGNER_LENGTH_MAX) errors.push(tooLong(field, SIGNER_LENGTH_MAX))
  return errors
}

/** What is wrong with the first part between dots that is wrong. */
function validateParts(
  field: string,
  text: string,
  check: (part: string) => string[],
): FieldError[] {
  const wrong = text.split('.').find((part) => check(part).length > 0)
  if (wrong === undefined) return []
  return check(wrong).map((message) =>
    invalid(field, text, `validating label ${JSON.stringify(wrong)}: ${message}`),
  )
}

function validateConditions(conditions: Conditions): FieldError[] {
  const seen = new Set<string>()
  return conditions.flatMap(({ type, status }, index) => {
    const at = `status.conditions[${index}]`
    const errors = type ? [] : [required(`${at}.type`)]
    const allowed = FINAL.includes(type) ? ['True'] : STATUS_VALUES
    if (!status) errors.push(required(`${at}.status`))
    else if (!allowed.includes(status)) errors.push(notSupported(`${at}.status`, status, allowed))
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : ''
    if (seen.has(opposite))
      errors.push(
        invalid(`${at}.type`, type, 'Approved and Denied conditions are mutually exclusive'),
      )
    if (seen.has(type)) errors.push(duplicate(`${at}.type`, type))
    seen.add(type)
    return errors
  })
}

/** Through `approval` it is decided, through `status` the certificate is handed over. */
export function validateSigningRequestUpdate(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  subresource: Subresource | undefined,
): FieldError[] {
  const field = 'status.conditions'
  const ofType = (from: CertificateSigningRequest, type: string): Conditions =>
    (from.status?.conditions ?? []).filter((condition) => condition.type === type)
  const errors = FINAL.filter(
    (type) => ofType(request, type).length < ofType(old, type).length,
  ).map((type) => forbidden(field, `updates may not remove a condition of type "${type}"`))
  for (const type of subresource === 'approval' ? [] : DECISIONS) {
    const [after, before] = [ofType(request, type), ofType(old, type)]
    if (after.length > before.length)
      errors.push(forbidden(field, `updates may not add a condition of type "${type}"`))
    else if (after.length === before.length && !deepEqual(after, before))
      errors.push(forbidden(field, `updates may not modify a condition of type "${type}"`))
  }
  const before = old.status?.certificate ?? ''
  if ((request.status?.certificate ?? '') === before) return errors
  if (subresource !== 'status')
    errors.push(forbidden('status.certificate', 'updates may not set certificate content'))
  else if (before !== '')
    errors.push(
      forbidden('status.certificate', 'updates may not modify existing certificate content'),
    )
  return errors
}
