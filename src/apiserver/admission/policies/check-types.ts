// Looks whether the expressions of a policy fit the kinds that it is about. What does not is a warning in
// the policy's status: the kind can change, and one policy can be about many kinds.
import type {
  ExpressionWarning,
  ValidatingAdmissionPolicy,
} from '#kinds/k8s/admissionregistration.ts'
import type { CelType } from '../../cel/types.ts'
import type { ResourceRegistry, ServedResource } from '../../resources.ts'
import { objectTypeOf } from './object-type.ts'
import type { Expressions } from './policy-expressions.ts'
import { compileExpressions } from './policy-expressions.ts'

/** Kinds looked at for one policy. */
const KINDS_MAX = 10

export function checkTypes(
  policy: ValidatingAdmissionPolicy,
  resources: ResourceRegistry,
): ExpressionWarning[] {
  const { spec } = policy
  const kinds = kindsOf(policy, resources)
  const params = paramsType(policy, resources)
  const expressions = kinds.map((resource) => ({
    resource,
    compiled: compileExpressions(spec, {
      object: objectTypeOf(resource),
      ...(params === undefined ? {} : { params }),
    }),
  }))
  const warn = (fieldRef: string, text: string | undefined): ExpressionWarning[] => {
    if (!text) return []
    const found = expressions.flatMap(({ resource, compiled }) => {
      const problem = problemOf(compiled, text)
      return problem === undefined ? [] : [`${nameOf(resource)}: ${problem}`]
    })
    return found.length === 0 ? [] : [{ fieldRef, warning: found.join('\n') }]
  }
  return [
    ...(spec.variables ?? []).flatMap(({ expression }, index) =>
      warn(`spec.variables[${index}].expression`, expression),
    ),
    ...(spec.validations ?? []).flatMap(({ expression, messageExpression }, index) => [
      ...warn(`spec.validations[${index}].expression`, expression),
      ...warn(`spec.validations[${index}].messageExpression`, messageExpression),
    ]),
  ]
}

function problemOf(compiled: Expressions, text: string): string | undefined {
  const program = compiled.compile(text)
  return typeof program === 'string' ? program.replace(/^compilation failed: /, '') : undefined
}

const nameOf = ({ group, version, kind }: ServedResource): string =>
  `${group}/${version}, Kind=${kind}`

/** Those that the rules name, without wildcards. */
function kindsOf(
  { spec }: ValidatingAdmissionPolicy,
  resources: ResourceRegistry,
): ServedResource[] {
  const found = new Map<string, ServedResource>()
  for (const rule of spec.matchConstraints?.resourceRules ?? [])
    for (const group of rule.apiGroups ?? [])
      for (const version of rule.apiVersions ?? [])
        for (const plural of rule.resources ?? []) {
          const resource = resources.find(group, version, plural)
          if (resource !== undefined) found.set(nameOf(resource), resource)
        }
  return [...found]
    .toSorted(([one], [other]) => (one < other ? -1 : Number(one > other)))
    .slice(0, KINDS_MAX)
    .map(([, resource]) => resource)
}

function paramsType(
  { spec }: ValidatingAdmissionPolicy,
  resources: ResourceRegistry,
): CelType | undefined {
  const { apiVersion, kind } = spec.paramKind ?? {}
  const resource = resources.all().find((one) => one.apiVersion === apiVersion && one.kind === kind)
  return resource === undefined ? undefined : objectTypeOf(resource)
}
