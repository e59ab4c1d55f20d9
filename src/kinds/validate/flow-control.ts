// Which requests belong together, and how many of each level are answered at once.
import type { FieldError } from '../definition.ts'
import type {
  FlowSchema,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  QueuingConfiguration,
  Subject,
} from '../k8s/flowcontrol.ts'
import { checkDnsLabel, checkDnsSubdomain, checkPathSegment } from '../names.ts'
import { deepEqual } from './equal.ts'
import { forbidden, invalid, invalidEach, notSupported, required } from './field-error.ts'

const PRECEDENCE_MAX = 10_000
const DISTINGUISHERS = ['ByNamespace', 'ByUser']
const SUBJECT_KINDS = ['Group', 'ServiceAccount', 'User']
const LEVEL_TYPES = ['Exempt', 'Limited']
const RESPONSE_TYPES = ['Queue', 'Reject']
const VERBS = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'proxy',
  'update',
  'watch',
]
const QUEUES_MAX = 10_000_000
const ALL = '*'
const NAMESPACES_ARE = "each member of this list must be '*' or a DNS-1123 label; "
/** So many bits choose the queues of a flow (shuffle sharding). */
const HASH_BITS_MAX = 60

export function validateFlowSchema({ metadata, spec }: FlowSchema): FieldError[] {
  const { matchingPrecedence = 0, distinguisherMethod, rules = [] } = spec
  const errors: FieldError[] = []
  const field = 'spec.matchingPrecedence'
  if (matchingPrecedence <= 0)
    errors.push(invalid(field, matchingPrecedence, 'must be a positive value'))
  if (matchingPrecedence > PRECEDENCE_MAX)
    errors.push(invalid(field, matchingPrecedence, `must not be greater than ${PRECEDENCE_MAX}`))
  if (matchingPrecedence === 1 && metadata.name !== 'exempt')
    errors.push(
      invalid(
        field,
        matchingPrecedence,
        "only the schema named 'exempt' may have matchingPrecedence 1",
      ),
    )
  const method = distinguisherMethod?.type
  if (distinguisherMethod !== undefined && !DISTINGUISHERS.includes(method ?? ''))
    errors.push(notSupported('spec.distinguisherMethod.type', { Type: method }, DISTINGUISHERS))
  const level = spec.priorityLevelConfiguration?.name
  if (level)
    errors.push(
      ...invalidEach('spec.priorityLevelConfiguration.name', level, checkDnsSubdomain(level)),
    )
  else
    errors.push(required('spec.priorityLevelConfiguration.name', 'must reference a priority level'))
  return [...errors, ...rules.flatMap((rule, i) => validateRule(rule, `spec.rules[${i}]`))]
}

function validateRule(rule: PolicyRulesWithSubjects, field: string): FieldError[] {
  const { resourceRules = [], nonResourceRules = [] } = rule
  const subjects = rule.subjects ?? []
  const errors: FieldError[] = []
  if (subjects.length === 0)
    errors.push(required(`${field}.subjects`, 'subjects must contain at least one value'))
  if (resourceRules.length === 0 && nonResourceRules.length === 0)
    errors.push(
      required(field, 'at least one of resourceRules and nonResourceRules has to be non-empty'),
    )
  return [
    ...errors,
    ...subjects.flatMap((subject, i) => validateSubject(subject, `${field}.subjects[${i}]`)),
    ...resourceRules.flatMap(({ verbs, apiGroups, resources, namespaces, clusterScope }, i) => {
      const at = `${field}.resourceRules[${i}]`
      return [
        ...validateVerbs(verbs, `${at}.verbs`),
        ...allAlone(apiGroups, `${at}.apiGroups`, 'api group'),
        ...allAlone(resources, `${at}.resources`, 'resource'),
        ...validateNamespaces(namespaces ?? [], clusterScope === true, at),
      ]
    }),
    ...nonResourceRules.flatMap(({ verbs, nonResourceURLs }, i) => {
      const at = `${field}.nonResourceRules[${i}]`
      return [
        ...validateVerbs(verbs, `${at}.verbs`),
        ...validateUrls(nonResourceURLs ?? [], `${at}.nonResourceURLs`),
      ]
    }),
  ]
}

function validateSubject(subject: Subject, field: string): FieldError[] {
  const { kind, user, group, serviceAccount } = subject
  if (!SUBJECT_KINDS.includes(kind)) return [notSupported(`${field}.kind`, kind, SUBJECT_KINDS)]
  const parts = {
    User: ['user', user],
    Group: ['group', group],
    ServiceAccount: ['serviceAccount', serviceAccount],
  } as const
  const errors: FieldError[] = []
  for (const [of, [key, part]] of Object.entries(parts)) {
    if (of !== kind && part !== undefined)
      errors.push(
        forbidden(`${field}.${key}`, `${key} is forbidden when subject kind is not '${of}'`),
      )
    if (of === kind && part === undefined)
      errors.push(required(`${field}.${key}`, `${key} is required when subject kind is '${of}'`))
    if (of === kind && part !== undefined && !part.name)
      errors.push(required(`${field}.${key}.name`))
  }
  if (kind === 'ServiceAccount' && serviceAccount !== undefined) {
    const { name, namespace } = serviceAccount
    if (name && name !== ALL)
      errors.push(...invalidEach(`${field}.serviceAccount.name`, name, checkDnsSubdomain(name)))
    if (!namespace)
      errors.push(
        required(`${field}.serviceAccount.namespace`, 'must specify namespace for service account'),
      )
    else
      errors.push(
        ...invalidEach(`${field}.serviceAccount.namespace`, namespace, checkDnsLabel(namespace)),
      )
  }
  return errors
}

function validateVerbs(verbs: readonly string[] | undefined, field: string): FieldError[] {
  if (!verbs || verbs.length === 0)
    return [required(field, 'verbs must contain at least one value')]
  if (verbs.includes(ALL))
    return verbs.length > 1
      ? [invalid(field, verbs, "if '*' is present, must not specify other verbs")]
      : []
  return verbs.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(field, verbs, VERBS)]
}

function allAlone(
  values: readonly string[] | undefined,
  field: string,
  what: string,
): FieldError[] {
  if (!values || values.length === 0)
    return [required(field, `resource rules must supply at least one ${what}`)]
  return values.length > 1 && values.includes(ALL)
    ? [invalid(field, values, `if '*' is present, must not specify other ${what}s`)]
    : []
}

function validateNamespaces(
  namespaces: readonly string[],
  clusterScope: boolean,
  field: string,
): FieldError[] {
  if (namespaces.length === 0 && !clusterScope)
    return [
      required(
        `${field}.namespaces`,
        'resource rules that are not cluster scoped must supply at least one namespace',
      ),
    ]
  if (namespaces.includes(ALL))
    return namespaces.length > 1
      ? [
          invalid(
            `${field}.namespaces`,
            namespaces,
            "if '*' is present, must not specify other namespaces",
          ),
        ]
      : []
  return namespaces.flatMap((name, i) =>
    checkDnsLabel(name).map((problem) =>
      invalid(`${field}.namespaces[${i}]`, name, `${NAMESPACES_ARE}${problem}`),
    ),
  )
}

function validateUrls(urls: readonly string[], field: string): FieldError[] {
  if (urls.length === 0) return [required(field, 'nonResourceURLs must contain at least one value')]
  if (urls.length > 1 && urls.includes(ALL))
    return [invalid(field, urls, "if '*' is present, must not specify other non-resource URLs")]
  return urls.flatMap((url, i) => {
    const at = `${field}[${i}]`
    if (url === ALL) return []
    if (url === '') return [invalid(at, url, 'must not be empty')]
    if (!url.startsWith('/')) return [invalid(at, url, 'must start with slash')]
    if (url.includes(' ')) return [invalid(at, url, 'must not contain white-space')]
    if (url.includes('//')) return [invalid(at, url, 'must not contain double slash')]
    const star = url.indexOf(ALL)
    return star >= 0 && (star !== url.length - 1 || !url.endsWith('/*'))
      ? [invalid(at, url, 'wildcard can only do suffix matching')]
      : []
  })
}

export function validatePriorityLevel(level: PriorityLevelConfiguration): FieldError[] {
  const { metadata, spec } = level
  const { type, limited, exempt } = spec
  const isExempt = metadata.name === 'exempt'
  const errors = invalidEach('metadata.name', metadata.name, checkPathSegment(metadata.name))
  if (isExempt !== (type === 'Exempt'))
    errors.push(invalid('spec.type', type, "type must be 'Exempt' if and only if name is 'exempt'"))
  if (!LEVEL_TYPES.includes(type)) return [...errors, notSupported('spec.type', type, LEVEL_TYPES)]
  if (type === 'Exempt') {
    if (limited !== undefined)
      errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'))
    return [...errors, ...validateShares(exempt ?? {}, 'spec.exempt', 0)]
  }
  if (exempt !== undefined)
    errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'))
  if (limited === undefined)
    return [...errors, required('spec.limited', 'must not be empty when type is Limited')]
  errors.push(...validateShares(limited, 'spec.limited', 0))
  const { limitResponse, borrowingLimitPercent } = limited
  if (borrowingLimitPercent !== undefined && borrowingLimitPercent < 0)
    errors.push(
      invalid(
        'spec.limited.borrowingLimitPercent',
        borrowingLimitPercent,
        'if specified, must be a non-negative integer',
      ),
    )
  const at = 'spec.limited.limitResponse'
  if (!RESPONSE_TYPES.includes(limitResponse?.type ?? ''))
    return [...errors, notSupported(`${at}.type`, limitResponse?.type ?? '', RESPONSE_TYPES)]
  if (limitResponse?.type === 'Reject')
    return limitResponse.queuing === undefined
      ? errors
      : [
          ...errors,
          forbidden(`${at}.queuing`, 'must be nil if limited.limitResponse.type is not Limited'),
        ]
  if (limitResponse?.queuing === undefined)
    return [
      ...errors,
      required(`${at}.queuing`, 'must not be empty if limited.limitResponse.type is Limited'),
    ]
  return [...errors, ...validateQueuing(limitResponse.queuing, `${at}.queuing`)]
}

interface Shares {
  nominalConcurrencyShares?: number | undefined
  lendablePercent?: number | undefined
}

function validateShares(
  { nominalConcurrencyShares = 0, lendablePercent = 0 }: Shares,
  field: string,
  least: number,
): FieldError[] {
  const errors: FieldError[] = []
  if (nominalConcurrencyShares < least)
    errors.push(
      invalid(
        `${field}.nominalConcurrencyShares`,
        nominalConcurrencyShares,
        'must be a non-negative integer',
      ),
    )
  if (lendablePercent < 0 || lendablePercent > 100)
    errors.push(
      invalid(`${field}.lendablePercent`, lendablePercent, 'must be between 0 and 100, inclusive'),
    )
  return errors
}

function validateQueuing(
  { queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (queueLengthLimit <= 0)
    errors.push(invalid(`${field}.queueLengthLimit`, queueLengthLimit, 'must be positive'))
  if (queues <= 0) errors.push(invalid(`${field}.queues`, queues, 'must be positive'))
  else if (queues > QUEUES_MAX)
    errors.push(invalid(`${field}.queues`, queues, `must not be greater than ${QUEUES_MAX}`))
  if (handSize <= 0) errors.push(invalid(`${field}.handSize`, handSize, 'must be positive'))
  else if (handSize > queues)
    errors.push(
      invalid(`${field}.handSize`, handSize, `should not be greater than queues (${queues})`),
    )
  else if (Math.ceil(Math.log2(queues) * handSize) > HASH_BITS_MAX)
    errors.push(
      invalid(
        `${field}.handSize`,
        handSize,
        `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${HASH_BITS_MAX}`,
      ),
    )
  return errors
}

/** The two that every cluster stands on stay as they are. */
export function validateMandatory<T extends { metadata: { name: string }; spec: unknown }>(
  object: T,
  mandatory: readonly T[],
): FieldError[] {
  const wanted = mandatory.find(({ metadata }) => metadata.name === object.metadata.name)
  return wanted === undefined || deepEqual(object.spec, wanted.spec)
    ? []
    : [invalid('spec', object.spec, `spec of '${object.metadata.name}' must equal the fixed value`)]
}
