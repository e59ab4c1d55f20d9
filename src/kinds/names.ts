// Checks of names, label keys and values. Each returns what is wrong in the words of Kubernetes
// (k8s.io/apimachinery util/validation), or nothing.

const SUBDOMAIN_LENGTH_MAX = 253
const LABEL_LENGTH_MAX = 63

interface Rule {
  pattern: string
  lengthMax: number
  describe: string
  examples: readonly string[]
}

const LABEL_PATTERN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const QUALIFIED_PATTERN = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'

const RULES = {
  subdomain: {
    pattern: `${LABEL_PATTERN}(\\.${LABEL_PATTERN})*`,
    lengthMax: SUBDOMAIN_LENGTH_MAX,
    describe:
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    examples: ['example.com'],
  },
  wildcardSubdomain: {
    pattern: `\\*\\.${LABEL_PATTERN}(\\.${LABEL_PATTERN})*`,
    lengthMax: SUBDOMAIN_LENGTH_MAX,
    describe:
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    examples: ['*.example.com'],
  },
  label: {
    pattern: LABEL_PATTERN,
    lengthMax: LABEL_LENGTH_MAX,
    describe:
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    examples: ['my-name', '123-abc'],
  },
  label1035: {
    pattern: '[a-z]([-a-z0-9]*[a-z0-9])?',
    lengthMax: LABEL_LENGTH_MAX,
    describe:
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    examples: ['my-name', 'abc-123'],
  },
  qualifiedName: {
    pattern: QUALIFIED_PATTERN,
    lengthMax: LABEL_LENGTH_MAX,
    describe:
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    examples: ['MyName', 'my.name', '123-abc'],
  },
  labelValue: {
    pattern: `(${QUALIFIED_PATTERN})?`,
    lengthMax: LABEL_LENGTH_MAX,
    describe:
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    examples: ['MyValue', 'my_value', '12345'],
  },
  dataKey: {
    pattern: '[-._a-zA-Z0-9]+',
    lengthMax: SUBDOMAIN_LENGTH_MAX,
    describe: "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    examples: ['key.name', 'KEY_NAME', 'key-name'],
  },
} satisfies Record<string, Rule>

const compiled = new Map<Rule, RegExp>()

function matches(rule: Rule, value: string): boolean {
  let expression = compiled.get(rule)
  if (expression === undefined) {
    expression = new RegExp(`^(?:${rule.pattern})$`)
    compiled.set(rule, expression)
  }
  return expression.test(value)
}

/** The two blanks before "or" are Kubernetes' own. */
function formatMessage(rule: Rule): string {
  const examples = rule.examples.map((example) => `'${example}'`).join(',  or ')
  return `${rule.describe} (e.g. ${examples}, regex used for validation is '${rule.pattern}')`
}

function check(rule: Rule, value: string): string[] {
  const errors: string[] = []
  if (value.length > rule.lengthMax) errors.push(tooLong(rule.lengthMax))
  if (!matches(rule, value)) errors.push(formatMessage(rule))
  return errors
}

const tooLong = (lengthMax: number): string => `must be no more than ${lengthMax} bytes`

export const checkDnsSubdomain = (value: string): string[] => check(RULES.subdomain, value)
/** "*.example.com": any one label before the domain. */
export const checkWildcardSubdomain = (value: string): string[] =>
  check(RULES.wildcardSubdomain, value)
export const checkDnsLabel = (value: string): string[] => check(RULES.label, value)
/** A DNS label that starts with a letter. */
export const checkDns1035Label = (value: string): string[] => check(RULES.label1035, value)
export const checkLabelValue = (value: string): string[] => check(RULES.labelValue, value)

/** A key of a ConfigMap or Secret: also a file name in a volume. */
export function checkDataKey(value: string): string[] {
  const errors = check(RULES.dataKey, value)
  if (value === '.') errors.push("must not be '.'")
  if (value === '..') errors.push("must not be '..'")
  else if (value.startsWith('..')) errors.push("must not start with '..'")
  return errors
}

/** A label key, an annotation key or a finalizer: a name with an optional DNS subdomain before "/". */
export function checkQualifiedName(value: string): string[] {
  const parts = value.split('/')
  if (parts.length > 2)
    return [
      `a qualified name ${formatMessage(RULES.qualifiedName)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const name = parts.at(-1)!
  const errors: string[] = []
  if (parts.length === 2) {
    if (parts[0] === '') errors.push('prefix part must be non-empty')
    else errors.push(...checkDnsSubdomain(parts[0]!).map((message) => `prefix part ${message}`))
  }
  if (name === '') errors.push('name part must be non-empty')
  else if (name.length > LABEL_LENGTH_MAX) errors.push(`name part ${tooLong(LABEL_LENGTH_MAX)}`)
  if (!matches(RULES.qualifiedName, name))
    errors.push(`name part ${formatMessage(RULES.qualifiedName)}`)
  return errors
}

/** A name that may stand in a URL's path: RBAC kinds allow no less. */
export function checkPathSegment(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%']
    .filter((forbidden) => value.includes(forbidden))
    .map((forbidden) => `may not contain '${forbidden}'`)
}

/** The name of a container's or Service's port (IANA_SVC_NAME). */
export function checkPortName(value: string): string[] {
  const errors: string[] = []
  if (value.length > 15) errors.push('must be no more than 15 characters')
  if (!/^[-a-z0-9]+$/.test(value))
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)')
  if (value.includes('--')) errors.push('must not contain consecutive hyphens')
  if (value.startsWith('-') || value.endsWith('-'))
    errors.push('must not begin or end with a hyphen')
  return errors
}

export function checkPortNumber(value: number): string[] {
  return Number.isInteger(value) && value >= 1 && value <= 65_535
    ? []
    : ['must be between 1 and 65535, inclusive']
}

/** An environment variable: since 1.34 any printable ASCII except "=". */
export function checkEnvironmentName(value: string): string[] {
  return /^[ -<>-~]+$/.test(value)
    ? []
    : [
        "a valid environment variable name must consist only of printable ASCII characters other than '='",
      ]
}

/** How the names of a kind's objects are checked. */
export type NameRule = 'dns-subdomain' | 'dns-label' | 'path-segment'

export const nameChecks: Readonly<Record<NameRule, (name: string) => string[]>> = {
  'dns-subdomain': checkDnsSubdomain,
  'dns-label': checkDnsLabel,
  'path-segment': checkPathSegment,
}
