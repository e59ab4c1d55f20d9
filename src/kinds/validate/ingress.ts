// Rules, paths, backends and TLS of an Ingress, and the addresses in its status.
import { isIP } from 'node:net'
import type { FieldError } from '../definition.ts'
import type {
  HTTPIngressPath,
  IngressBackend,
  IngressRule,
  IngressServiceBackend,
  IngressSpec,
  IngressStatus,
  IngressTLS,
} from '../k8s/networking.ts'
import {
  checkDnsLabel,
  checkDnsSubdomain,
  checkPortName,
  checkPortNumber,
  checkWildcardSubdomain,
} from '../names.ts'
import { invalid, invalidEach, notSupported, required } from './field-error.ts'
import { validateAddress } from './ip-address.ts'
import { validateTypedLocalReference } from './local-object-reference.ts'

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']
const NOT_IN_PATHS = ['//', '/./', '/../', '%2f', '%2F']
const NOT_AT_END = ['/..', '/.']
const NO_ADDRESS = 'must be a DNS name, not an IP address'

export function validateIngressSpec(spec: IngressSpec, field: string): FieldError[] {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec
  const errors: FieldError[] = []
  if (rules.length === 0 && defaultBackend === undefined)
    errors.push(invalid(field, spec.rules, 'either `defaultBackend` or `rules` must be specified'))
  if (defaultBackend !== undefined)
    errors.push(...validateBackend(defaultBackend, `${field}.defaultBackend`))
  for (const [index, rule] of rules.entries())
    errors.push(...validateRule(rule, `${field}.rules[${index}]`))
  for (const [index, entry] of tls.entries())
    errors.push(...validateTLS(entry, `${field}.tls[${index}]`))
  if (ingressClassName === undefined) return errors
  const problems = checkDnsSubdomain(ingressClassName)
  return [...errors, ...invalidEach(`${field}.ingressClassName`, ingressClassName, problems)]
}

const checkHost = (host: string): string[] =>
  host.includes('*') ? checkWildcardSubdomain(host) : checkDnsSubdomain(host)

function validateRule({ host, http }: IngressRule, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (host) {
    if (isIP(host) !== 0) errors.push(invalid(`${field}.host`, host, NO_ADDRESS))
    errors.push(...invalidEach(`${field}.host`, host, checkHost(host)))
  }
  if (http === undefined) return errors
  const at = `${field}.http.paths`
  const paths = http.paths ?? []
  if (paths.length === 0) errors.push(required(at))
  return [...errors, ...paths.flatMap((path, index) => validatePath(path, `${at}[${index}]`))]
}

function validatePath({ path = '', pathType, backend }: HTTPIngressPath, field: string) {
  if (pathType === undefined) return [required(`${field}.pathType`, 'pathType must be specified')]
  return [
    ...(PATH_TYPES.includes(pathType)
      ? checkPath(path, pathType).map((problem) => invalid(`${field}.path`, path, problem))
      : [notSupported(`${field}.pathType`, pathType, PATH_TYPES)]),
    ...validateBackend(backend ?? {}, `${field}.backend`),
  ]
}

function checkPath(path: string, pathType: HTTPIngressPath['pathType']): string[] {
  const problems = path.startsWith('/') ? [] : ['must be an absolute path']
  if (pathType === 'ImplementationSpecific') return path === '' ? [] : problems
  return [
    ...problems,
    ...NOT_IN_PATHS.filter((part) => path.includes(part)).map(
      (part) => `must not contain '${part}'`,
    ),
    ...NOT_AT_END.filter((end) => path.endsWith(end)).map((end) => `cannot end with '${end}'`),
  ]
}

function validateBackend({ resource, service }: IngressBackend, field: string): FieldError[] {
  if (resource !== undefined && service !== undefined)
    return [invalid(field, '', 'cannot set both resource and service backends')]
  if (resource !== undefined) return validateTypedLocalReference(resource, `${field}.resource`)
  if (service !== undefined) return validateServiceBackend(service, field)
  return [invalid(field, '', 'resource or service backend is required')]
}

function validateServiceBackend(
  { name, port = {} }: IngressServiceBackend,
  field: string,
): FieldError[] {
  const errors = name
    ? invalidEach(`${field}.service.name`, name, checkDnsLabel(name))
    : [required(`${field}.service.name`)]
  const at = `${field}.service.port`
  if (port.name && port.number)
    errors.push(invalid(field, '', 'cannot set both port name & port number'))
  else if (port.name) errors.push(...invalidEach(`${at}.name`, port.name, checkPortName(port.name)))
  else if (port.number)
    errors.push(...invalidEach(`${at}.number`, port.number, checkPortNumber(port.number)))
  else errors.push(required(field, 'port name or number is required'))
  return errors
}

function validateTLS({ hosts = [], secretName }: IngressTLS, field: string): FieldError[] {
  return [
    ...hosts.flatMap((host, index) =>
      invalidEach(`${field}.hosts[${index}]`, host, checkHost(host)),
    ),
    ...(secretName
      ? invalidEach(`${field}.secretName`, secretName, checkDnsSubdomain(secretName))
      : []),
  ]
}

export function validateIngressStatus(
  status: IngressStatus | undefined,
  field: string,
): FieldError[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, index) => {
    const at = `${field}.loadBalancer.ingress[${index}]`
    const errors = ip ? validateAddress(`${at}.ip`, ip) : []
    if (!hostname) return errors
    errors.push(...invalidEach(`${at}.hostname`, hostname, checkDnsSubdomain(hostname)))
    if (isIP(hostname) !== 0) errors.push(invalid(`${at}.hostname`, hostname, NO_ADDRESS))
    return errors
  })
}
