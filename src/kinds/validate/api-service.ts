// Who serves a group and version of the API.
import type { FieldError } from '../definition.ts'
import type { APIService, ServiceReference } from '../k8s/apiregistration.ts'
import { checkDns1035Label, checkDnsSubdomain, checkPortNumber } from '../names.ts'
import { invalid, invalidEach, notSupported, required } from './field-error.ts'

const GROUP_PRIORITY_MAX = 20_000
const VERSION_PRIORITY_MAX = 1_000
const STATUS_VALUES = ['True', 'False', 'Unknown']

export function validateAPIService({ metadata, spec, status }: APIService): FieldError[] {
  const { group = '', version = '', groupPriorityMinimum, versionPriority } = spec
  const errors: FieldError[] = []
  const name = `${version}.${group}`
  if (metadata.name !== name)
    errors.push(
      invalid(
        'metadata.name',
        metadata.name,
        `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`,
      ),
    )
  if (group === '' && version !== 'v1')
    errors.push(
      required('spec.group', 'only v1 may have an empty group and it better be legacy kube'),
    )
  if (group !== '') errors.push(...invalidEach('spec.group', group, checkDnsSubdomain(group)))
  errors.push(...invalidEach('spec.version', version, checkDns1035Label(version)))
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > GROUP_PRIORITY_MAX)
    errors.push(
      invalid(
        'spec.groupPriorityMinimum',
        groupPriorityMinimum,
        `must be positive and less than ${GROUP_PRIORITY_MAX}`,
      ),
    )
  if (versionPriority <= 0 || versionPriority > VERSION_PRIORITY_MAX)
    errors.push(
      invalid(
        'spec.versionPriority',
        versionPriority,
        `must be positive and less than ${VERSION_PRIORITY_MAX}`,
      ),
    )
  for (const [index, condition] of (status?.conditions ?? []).entries())
    if (!STATUS_VALUES.includes(condition.status))
      errors.push(
        notSupported(`status.conditions[${index}].status`, condition.status, STATUS_VALUES),
      )
  return [
    ...errors,
    ...(spec.service === undefined ? validateLocal(spec) : validateRemote(spec, spec.service)),
  ]
}

function validateLocal({ caBundle, insecureSkipTLSVerify }: APIService['spec']): FieldError[] {
  const errors: FieldError[] = []
  if (caBundle) {
    const size = `${Buffer.byteLength(caBundle, 'base64')} bytes`
    errors.push(invalid('spec.caBundle', size, 'local APIServices may not have a caBundle'))
  }
  if (insecureSkipTLSVerify)
    errors.push(
      invalid(
        'spec.insecureSkipTLSVerify',
        insecureSkipTLSVerify,
        'local APIServices may not have insecureSkipTLSVerify',
      ),
    )
  return errors
}

function validateRemote(
  { caBundle, insecureSkipTLSVerify }: APIService['spec'],
  { name, namespace, port }: ServiceReference,
): FieldError[] {
  const errors: FieldError[] = []
  if (!namespace) errors.push(required('spec.service.namespace'))
  if (!name) errors.push(required('spec.service.name'))
  const problems = checkPortNumber(port ?? 0)
  if (problems.length > 0)
    errors.push(invalid('spec.service.port', port, `port is not valid: ${problems.join(', ')}`))
  if (insecureSkipTLSVerify && caBundle)
    errors.push(
      invalid(
        'spec.insecureSkipTLSVerify',
        insecureSkipTLSVerify,
        'may not be true if caBundle is present',
      ),
    )
  return errors
}
