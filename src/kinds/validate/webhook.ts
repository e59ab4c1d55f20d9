// Webhooks that are asked about writes.
import type { FieldError } from '../definition.ts'
import type {
  MutatingWebhook,
  ValidatingWebhook,
  WebhookClientConfig,
} from '../k8s/admissionregistration.ts'
import { checkDns1035Label, checkDnsSubdomain, checkPortNumber } from '../names.ts'
import { validateMatchConditions, validateRules } from './admission-rules.ts'
import { duplicate, invalid, invalidEach, notSupported, required } from './field-error.ts'
import { validateLabelSelector } from './label-selector.ts'

type Webhook = ValidatingWebhook | MutatingWebhook

const FAILURE_POLICIES = ['Fail', 'Ignore']
const MATCH_POLICIES = ['Equivalent', 'Exact']
/** "Some" and "Unknown" were let through by the beta version alone. */
const SIDE_EFFECTS = ['None', 'NoneOnDryRun']
const REVIEW_VERSIONS = ['v1', 'v1beta1']
const TIMEOUT_SECONDS_MAX = 30
/** A domain of at least three parts. */
const NAME_PARTS_MIN = 3

export function validateWebhooks(webhooks: readonly Webhook[] | undefined): FieldError[] {
  const all = webhooks ?? []
  return all.flatMap((webhook, i) => [
    ...validateWebhook(webhook, `webhooks[${i}]`),
    ...(webhook.name && all.findIndex(({ name }) => name === webhook.name) < i
      ? [duplicate(`webhooks[${i}].name`, webhook.name)]
      : []),
  ])
}

function validateWebhook(webhook: Webhook, field: string): FieldError[] {
  const { name, rules, failurePolicy, matchPolicy, sideEffects, timeoutSeconds = 1 } = webhook
  const errors = [...validateName(name, `${field}.name`), ...validateRules(rules, `${field}.rules`)]
  if (failurePolicy !== undefined && !FAILURE_POLICIES.includes(failurePolicy))
    errors.push(notSupported(`${field}.failurePolicy`, failurePolicy, FAILURE_POLICIES))
  if (matchPolicy !== undefined && !MATCH_POLICIES.includes(matchPolicy))
    errors.push(notSupported(`${field}.matchPolicy`, matchPolicy, MATCH_POLICIES))
  if (!sideEffects)
    errors.push(required(`${field}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(', ')}`))
  else if (!SIDE_EFFECTS.includes(sideEffects))
    errors.push(notSupported(`${field}.sideEffects`, sideEffects, SIDE_EFFECTS))
  if (timeoutSeconds < 1 || timeoutSeconds > TIMEOUT_SECONDS_MAX)
    errors.push(
      invalid(
        `${field}.timeoutSeconds`,
        timeoutSeconds,
        `the timeout value must be between 1 and ${TIMEOUT_SECONDS_MAX} seconds`,
      ),
    )
  for (const key of ['namespaceSelector', 'objectSelector'] as const)
    errors.push(...validateLabelSelector(webhook[key] ?? {}, `${field}.${key}`))
  return [
    ...errors,
    ...validateClientConfig(webhook.clientConfig, `${field}.clientConfig`),
    ...validateMatchConditions(webhook.matchConditions, `${field}.matchConditions`),
    ...validateReviewVersions(webhook.admissionReviewVersions, `${field}.admissionReviewVersions`),
  ]
}

function validateName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)]
  const errors = invalidEach(field, name, checkDnsSubdomain(name))
  if (errors.length === 0 && name.split('.').length < NAME_PARTS_MIN)
    return [
      invalid(field, name, `should be a domain with at least three segments separated by dots`),
    ]
  return errors
}

function validateReviewVersions(
  versions: readonly string[] | undefined,
  field: string,
): FieldError[] {
  if (!versions || versions.length === 0)
    return [required(field, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)]
  const errors = versions.flatMap((version, i) => {
    if (versions.indexOf(version) < i)
      return [invalid(`${field}[${i}]`, version, 'duplicate version')]
    return invalidEach(`${field}[${i}]`, version, checkDns1035Label(version))
  })
  if (errors.length === 0 && !versions.some((version) => REVIEW_VERSIONS.includes(version)))
    return [invalid(field, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`)]
  return errors
}

export function validateClientConfig(
  { url, service }: WebhookClientConfig,
  field: string,
): FieldError[] {
  if ((url === undefined) === (service === undefined))
    return [required(field, 'exactly one of url or service is required')]
  if (service !== undefined) {
    const at = `${field}.service`
    const { name, namespace, path, port = 0 } = service
    return [
      ...(name ? [] : [required(`${at}.name`, 'service name is required')]),
      ...(namespace ? [] : [required(`${at}.namespace`, 'service namespace is required')]),
      ...(path === undefined ? [] : validateServicePath(path, `${at}.path`)),
      ...checkPortNumber(port).map((problem) =>
        invalid(`${at}.port`, port, `port is not valid: ${problem}`),
      ),
    ]
  }
  return validateUrl(url!, `${field}.url`)
}

const URL_FORM = '; desired format: https://host[/path]'

function validateUrl(url: string, field: string): FieldError[] {
  const wrong = (detail: string) => [
    required(field, `url must be a valid URL: ${detail}${URL_FORM}`),
  ]
  if (!URL.canParse(url)) return wrong(`"${url}" cannot be parsed`)
  const { protocol, host, username, search, hash } = new URL(url)
  const errors: FieldError[] = []
  if (protocol !== 'https:')
    errors.push(
      invalid(field, protocol.slice(0, -1), `'https' is the only allowed URL scheme${URL_FORM}`),
    )
  if (host === '') errors.push(invalid(field, host, `host must be specified${URL_FORM}`))
  if (username !== '')
    errors.push(invalid(field, username, 'user information is not permitted in the URL'))
  if (hash !== '')
    errors.push(invalid(field, hash.slice(1), 'fragments are not permitted in the URL'))
  if (search !== '')
    errors.push(invalid(field, search.slice(1), 'query parameters are not permitted in the URL'))
  return errors
}

function validateServicePath(path: string, field: string): FieldError[] {
  if (path === '' || path === '/') return []
  if (path === '//') return [invalid(field, path, 'segment[0] may not be empty')]
  if (!path.startsWith('/')) return [invalid(field, path, "must start with a '/'")]
  const parts = path.slice(1).replace(/\/$/, '').split('/')
  return parts.flatMap((part, i) =>
    part === ''
      ? [invalid(field, path, `segment[${i}] may not be empty`)]
      : checkDnsSubdomain(part).map((problem) => invalid(field, path, `segment[${i}]: ${problem}`)),
  )
}
