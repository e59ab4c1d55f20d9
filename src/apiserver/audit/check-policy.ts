// What is wrong with an audit policy, in Kubernetes' words (apiserver/pkg/apis/audit/validation).
import type { FieldError } from '#kinds/definition.ts'
import { AUDIT_LEVELS, AUDIT_STAGES, type AuditPolicy } from '#kinds/k8s/audit.ts'
import type { AuditGroupResources, AuditPolicyRule } from '#kinds/k8s/audit.ts'
import { checkDnsSubdomain } from '#kinds/names.ts'
import { invalid, notSupported, required } from '#kinds/validate/field-error.ts'

export function checkPolicy({ omitStages, rules }: AuditPolicy): FieldError[] {
  return [
    ...checkStages('omitStages', omitStages),
    ...rules.flatMap((rule, i) => checkRule(`rules[${i}]`, rule)),
  ]
}

function checkRule(field: string, rule: AuditPolicyRule): FieldError[] {
  const { level, nonResourceURLs = [], resources = [], namespaces = [], omitStages } = rule
  const errors = [
    ...checkLevel(`${field}.level`, level),
    ...nonResourceURLs.flatMap((url, i) => checkUrl(`${field}.nonResourceURLs[${i}]`, url)),
    ...resources.flatMap((one) => checkResources(`${field}.resources`, one)),
    ...checkStages(`${field}.omitStages`, omitStages),
  ]
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0))
    errors.push(
      invalid(
        `${field}.nonResourceURLs`,
        nonResourceURLs,
        'rules cannot apply to both regular resources and non-resource URLs',
      ),
    )
  return errors
}

function checkLevel(field: string, level: string | undefined): FieldError[] {
  if (level === undefined || level === '') return [required(field)]
  const isKnown = (AUDIT_LEVELS as readonly string[]).includes(level)
  return isKnown ? [] : [notSupported(field, level, AUDIT_LEVELS)]
}

function checkStages(field: string, stages: readonly string[] = []): FieldError[] {
  return stages.flatMap((stage, i) =>
    (AUDIT_STAGES as readonly string[]).includes(stage)
      ? []
      : [invalid(`${field}[${i}]`, stage, `allowed stages are ${AUDIT_STAGES.join(',')}`)],
  )
}

function checkUrl(field: string, url: string): FieldError[] {
  if (url === '*') return []
  const errors: FieldError[] = []
  if (!url.startsWith('/'))
    errors.push(invalid(field, url, "non-resource URL rules must begin with a '/' character"))
  if (url.slice(0, -1).includes('*'))
    errors.push(
      invalid(field, url, "non-resource URL wildcards '*' must be the final character of the rule"),
    )
  return errors
}

function checkResources(field: string, one: AuditGroupResources): FieldError[] {
  const { group = '', resources = [], resourceNames = [] } = one
  const errors: FieldError[] = []
  const problems = group === '' ? [] : checkDnsSubdomain(group)
  if (problems.length > 0) errors.push(invalid(`${field}.group`, group, problems.join(',')))
  if (resourceNames.length > 0 && resources.length === 0)
    errors.push(
      invalid(
        `${field}.resourceNames`,
        resourceNames,
        'using resourceNames requires at least one resource',
      ),
    )
  return errors
}
