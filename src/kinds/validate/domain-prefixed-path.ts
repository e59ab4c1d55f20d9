// "acme.io/foo": a DNS subdomain, "/" and a path as RFC 3986 has them. The part that is wrong is shown.
import type { FieldError } from '../definition.ts'
import { checkDnsSubdomain } from '../names.ts'
import { invalid, invalidEach, required } from './field-error.ts'

const PATH_PATTERN = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
const PATH = new RegExp(`^${PATH_PATTERN}$`)

export function validateDomainPrefixedPath(value: string, field: string): FieldError[] {
  if (value === '') return [required(field)]
  const slash = value.indexOf('/')
  if (slash <= 0 || slash === value.length - 1)
    return [invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
  const [domain, path] = [value.slice(0, slash), value.slice(slash + 1)]
  const errors = invalidEach(field, domain, checkDnsSubdomain(domain))
  if (PATH.test(path)) return errors
  return [
    ...errors,
    invalid(field, path, `Invalid path (regex used for validation is '${PATH_PATTERN}')`),
  ]
}
