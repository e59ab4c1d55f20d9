// Kubernetes' `format.named(...)` and `format.dns1123Label()` and its kin: checks of text that give what
// is wrong.
import {
  checkDnsLabel,
  checkDnsSubdomain,
  checkLabelValue,
  checkQualifiedName,
} from '#kinds/names.ts'
import type { CelValue } from '../values.ts'
import { NONE, Opaque, Optional } from '../values.ts'
import { parseDate, parseTimestamp } from './times.ts'
import type { Overload } from './define.ts'
import { globalFunction, memberFunction, traversal } from './define.ts'
import { parseUrl } from './url.ts'

type Check = (text: string) => readonly string[]

class FormatValue extends Opaque {
  override readonly typeName = 'kubernetes.NamedFormat'
  readonly check: Check

  constructor(check: Check) {
    super()
    this.check = check
  }

  override equals(other: Opaque): boolean {
    return other === this
  }
}

const when =
  (holds: (text: string) => boolean, message: string): Check =>
  (text) =>
    holds(text) ? [] : [message]

const DNS_1035 = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/
const DNS_1035_MESSAGE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"

/** A name that is given to generateName may end in a dash. */
const asPrefix =
  (check: Check): Check =>
  (text) =>
    check(text.replace(/-$/, 'a'))

const dns1035Label = when((text) => DNS_1035.test(text), DNS_1035_MESSAGE)

const CHECKS: Readonly<Record<string, Check>> = {
  dns1123Label: checkDnsLabel,
  dns1123Subdomain: checkDnsSubdomain,
  dns1035Label,
  qualifiedName: checkQualifiedName,
  dns1123LabelPrefix: asPrefix(checkDnsLabel),
  dns1123SubdomainPrefix: asPrefix(checkDnsSubdomain),
  dns1035LabelPrefix: asPrefix(dns1035Label),
  labelValue: checkLabelValue,
  uri: when((text) => parseUrl(text) !== undefined, 'invalid URI'),
  uuid: when(
    (text) => /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text),
    'does not match the UUID format',
  ),
  byte: when(
    (text) => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0,
    'invalid base64',
  ),
  date: when((text) => parseDate(text) !== undefined, 'invalid date'),
  datetime: when((text) => parseTimestamp(text) !== undefined, 'invalid datetime'),
}

const formats = new Map(
  Object.entries(CHECKS).map(([name, check]) => [name, new FormatValue(check)]),
)

function named(name: string): CelValue {
  const format = formats.get(name)
  return format === undefined ? NONE : new Optional(format)
}

function validate(format: Opaque, text: string): CelValue {
  const wrong = (format as FormatValue).check(text)
  return wrong.length === 0 ? NONE : new Optional([...wrong])
}

export const namedFormats: readonly Overload[] = [
  globalFunction('format.named', ['string'], 'optional(kubernetes.NamedFormat)', named),
  ...[...formats].map(([name, format]) =>
    globalFunction(`format.${name}`, [], 'kubernetes.NamedFormat', () => format),
  ),
  memberFunction(
    'validate',
    ['kubernetes.NamedFormat', 'string'],
    'optional(list(string))',
    validate,
    {
      cost: (_format, size) => traversal(size),
    },
  ),
]
