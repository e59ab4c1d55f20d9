import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { errorsOf, made } from '../test-errors.ts'
import { validatingAdmissionPolicyBindingKind } from '../validating-admission-policy-binding.ts'
import { validatingAdmissionPolicyKind } from '../validating-admission-policy.ts'
import { validatingWebhookConfigurationKind } from '../validating-webhook-configuration.ts'

type Case = [criterion: string, body: Record<string, unknown>, ...errors: string[]]

const RULE = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }
const WEBHOOK = {
  name: 'hook.example.com',
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  clientConfig: { service: { name: 's', namespace: 'n' } },
  rules: [RULE],
}
const withHook = (changes: Record<string, unknown>) => ({ webhooks: [{ ...WEBHOOK, ...changes }] })
const withHookRule = (changes: Record<string, unknown>) =>
  withHook({ rules: [{ ...RULE, ...changes }] })
const withUrl = (url: string) => withHook({ clientConfig: { url } })
const HOOK = 'webhooks[0]'

describe('validateWebhooks', () => {
  const cases: Case[] = [
    ['takes a service', withHook({})],
    ['takes an address', withUrl('https://example.com/hook')],
    [
      'wants a service or an address',
      withHook({ clientConfig: {} }),
      `${HOOK}.clientConfig: Required value: exactly one of url or service is required`,
    ],
    [
      'wants HTTPS',
      withUrl('http://example.com'),
      `${HOOK}.clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    ],
    [
      'wants names of three parts',
      withHook({ name: 'example.com' }),
      `${HOOK}.name: Invalid value: "example.com": should be a domain with at least three segments separated by dots`,
    ],
    [
      'wants no side effects, or none on dry runs',
      withHook({ sideEffects: 'Some' }),
      `${HOOK}.sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"`,
    ],
    [
      'waits half a minute at most',
      withHook({ timeoutSeconds: 31 }),
      `${HOOK}.timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds`,
    ],
    [
      'wants a review it can write',
      withHook({ admissionReviewVersions: ['v2'] }),
      `${HOOK}.admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1`,
    ],
    [
      'wants all of something, or some',
      withHookRule({ operations: ['*', 'CREATE'], apiGroups: ['*', ''], apiVersions: ['*', 'v1'] }),
      `${HOOK}.rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
      `${HOOK}.rules[0].apiGroups: Invalid value: ["*",""]: if '*' is present, must not specify other API groups`,
      `${HOOK}.rules[0].apiVersions: Invalid value: ["*","v1"]: if '*' is present, must not specify other API versions`,
    ],
    ['takes all resources and some subresources', withHookRule({ resources: ['*', 'pods/log'] })],
    [
      'wants no resource twice',
      withHookRule({ resources: ['*', 'pods', 'pods/log'] }),
      `${HOOK}.rules[0].resources: Invalid value: ["*","pods","pods/log"]: if '*' is present, must not specify other resources without subresources`,
    ],
    [
      'wants no subresource twice',
      withHookRule({ resources: ['pods/*', 'pods/log'] }),
      `${HOOK}.rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
    ],
    [
      'wants conditions with names of their own',
      withHook({
        matchConditions: [
          { name: 'a', expression: 'true' },
          { name: 'a', expression: ' ' },
        ],
      }),
      `${HOOK}.matchConditions[1].expression: Required value`,
      `${HOOK}.matchConditions[1].name: Duplicate value: "a"`,
    ],
  ]
  for (const [criterion, body, ...errors] of cases)
    test(criterion, () =>
      assert.deepEqual(errorsOf(validatingWebhookConfigurationKind, body), errors),
    )

  test('a webhook gets what Kubernetes gives it', () => {
    const [hook] = made(validatingWebhookConfigurationKind, withHook({})).webhooks ?? []
    const { failurePolicy, matchPolicy, namespaceSelector, objectSelector, timeoutSeconds } = hook!
    assert.deepEqual(
      { failurePolicy, matchPolicy, namespaceSelector, objectSelector, timeoutSeconds },
      {
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        timeoutSeconds: 10,
      },
    )
    assert.equal(hook!.clientConfig.service?.port, 443)
    assert.equal(hook!.rules?.[0]?.scope, '*')
  })
})

const POLICY = {
  matchConstraints: { resourceRules: [RULE] },
  validations: [{ expression: 'true' }],
}
const policy = (changes: Record<string, unknown>) => ({ spec: { ...POLICY, ...changes } })

describe('validateValidatingPolicy', () => {
  const cases: Case[] = [
    ['takes a policy', policy({})],
    [
      'wants rules and expressions',
      { spec: { matchConstraints: {} } },
      'spec.matchConstraints.resourceRules: Required value',
      'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
      'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
    ],
    [
      'wants names that CEL can read',
      policy({
        variables: [
          { name: 'a-b', expression: 'true' },
          { name: 'return', expression: 'true' },
        ],
      }),
      'spec.variables[0].name: Invalid value: "a-b": name is not a valid CEL identifier',
      'spec.variables[1].name: Invalid value: "return": name is not a valid CEL identifier',
    ],
    [
      'wants messages of one line',
      policy({ validations: [{ expression: 'true', message: 'a\rb' }] }),
      'spec.validations[0].message: Invalid value: "a\\rb": message must not contain line breaks',
    ],
    [
      'names the reasons',
      policy({ validations: [{ expression: 'true', reason: 'NotFound' }] }),
      'spec.validations[0].reason: Unsupported value: "NotFound": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
    ],
    [
      'bounds expressions of annotations',
      policy({ auditAnnotations: [{ key: 'k', valueExpression: 'x'.repeat(5 * 1024 + 1) }] }),
      'spec.auditAnnotations[0].valueExpression: Required value: must not exceed 5120 bytes in length',
    ],
  ]
  for (const [criterion, body, ...errors] of cases)
    test(criterion, () => assert.deepEqual(errorsOf(validatingAdmissionPolicyKind, body), errors))

  test('the key of an annotation stands behind the name of its policy', () => {
    const body = policy({ auditAnnotations: [{ key: 'a b', valueExpression: "'x'" }] })
    const [error, ...others] = errorsOf(validatingAdmissionPolicyKind, body)
    assert.match(
      error!,
      /^spec\.auditAnnotations\[0\]\.key: Invalid value: "a\/a b": name part must/,
    )
    assert.deepEqual(others, [])
  })
})

describe('validatePolicyBinding', () => {
  const binding = (changes: Record<string, unknown>) => ({
    spec: { policyName: 'p', validationActions: ['Deny'], ...changes },
  })
  const cases: Case[] = [
    ['takes a binding', binding({})],
    [
      'wants actions',
      binding({ validationActions: [] }),
      'spec.validationActions: Required value: at least one validation action is required',
    ],
    [
      'denies or warns',
      binding({ validationActions: ['Deny', 'Warn'] }),
      'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ],
    [
      'wants one way to find parameters',
      binding({ paramRef: { name: 'a', selector: {}, parameterNotFoundAction: 'Ask' } }),
      'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.parameterNotFoundAction: Unsupported value: "Ask": supported values: "Deny", "Allow"',
    ],
  ]
  for (const [criterion, body, ...errors] of cases)
    test(criterion, () =>
      assert.deepEqual(errorsOf(validatingAdmissionPolicyBindingKind, body), errors),
    )
})
