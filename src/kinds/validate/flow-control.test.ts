import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { flowSchemaKind } from '../flow-schema.ts'
import { priorityLevelConfigurationKind } from '../priority-level-configuration.ts'
import { errorsOf, made } from '../test-errors.ts'

const SUBJECT = { kind: 'User', user: { name: 'jane' } }
const RESOURCES = { verbs: ['get'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }
const LEVEL = { priorityLevelConfiguration: { name: 'level' } }
const withRule = (rule: Record<string, unknown>) => ({
  spec: { ...LEVEL, rules: [{ subjects: [SUBJECT], ...rule }] },
})
const ofResources = (changes: Record<string, unknown>) =>
  withRule({ resourceRules: [{ ...RESOURCES, ...changes }] })
const ofUrl = (url: string) =>
  withRule({ nonResourceRules: [{ verbs: ['*'], nonResourceURLs: [url] }] })
const RULE = 'spec.rules[0].resourceRules[0]'
const URLS = 'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]'

describe('validateFlowSchema', () => {
  const cases: [criterion: string, body: Record<string, unknown>, ...errors: string[]][] = [
    ['takes a rule', ofResources({})],
    ['takes everything below a path', ofUrl('/healthz/*')],
    [
      'wants a level',
      { spec: {} },
      'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
    ],
    [
      'keeps the first place',
      { spec: { ...LEVEL, matchingPrecedence: 1 } },
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
    ],
    [
      'bounds the place',
      { spec: { ...LEVEL, matchingPrecedence: 10_001 } },
      'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000',
    ],
    [
      'wants subjects and what they do',
      withRule({ subjects: [] }),
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
    ],
    [
      'wants the subject of its kind alone',
      withRule({
        subjects: [{ kind: 'Group', user: { name: 'jane' } }],
        resourceRules: [RESOURCES],
      }),
      "spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
      "spec.rules[0].subjects[0].group: Required value: group is required when subject kind is 'Group'",
    ],
    [
      'wants all verbs, or some',
      ofResources({ verbs: ['*', 'get'] }),
      `${RULE}.verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
    ],
    [
      'wants all groups and resources, or some',
      ofResources({ apiGroups: ['*', 'apps'], resources: ['*', 'pods'] }),
      `${RULE}.apiGroups: Invalid value: ["*","apps"]: if '*' is present, must not specify other api groups`,
      `${RULE}.resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources`,
    ],
    [
      'wants namespaces where there are some',
      ofResources({ namespaces: [] }),
      `${RULE}.namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
    ],
    ['wants none for the cluster', ofResources({ namespaces: [], clusterScope: true })],
    ['wants paths', ofUrl('healthz'), `${URLS}: Invalid value: "healthz": must start with slash`],
    [
      'wants plain paths',
      ofUrl('/a//b'),
      `${URLS}: Invalid value: "/a//b": must not contain double slash`,
    ],
    [
      'wants stars at the end',
      ofUrl('/a/*/b'),
      `${URLS}: Invalid value: "/a/*/b": wildcard can only do suffix matching`,
    ],
    [
      'wants stars after a slash',
      ofUrl('/a*'),
      `${URLS}: Invalid value: "/a*": wildcard can only do suffix matching`,
    ],
  ]
  for (const [criterion, body, ...errors] of cases)
    test(criterion, () =>
      assert.deepEqual(errorsOf(flowSchemaKind, body).toSorted(), errors.toSorted()),
    )

  test('a verb that there is not names those there are', () => {
    const [error, ...others] = errorsOf(flowSchemaKind, ofResources({ verbs: ['fly'] }))
    assert.match(
      error!,
      /resourceRules\[0\]\.verbs: Unsupported value: \["fly"\]: supported values: "create"/,
    )
    assert.deepEqual(others, [])
  })

  test('a schema without a place gets one', () => {
    assert.equal(made(flowSchemaKind, { spec: LEVEL }).spec.matchingPrecedence, 1_000)
  })
})

describe('validatePriorityLevel', () => {
  const queuing = (changes: object = {}) => ({
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: changes } } },
  })
  const QUEUING = 'spec.limited.limitResponse.queuing'
  const cases: [criterion: string, body: Record<string, unknown>, ...errors: string[]][] = [
    ['takes queues', queuing()],
    [
      'exempts one alone',
      { spec: { type: 'Exempt' } },
      "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'",
    ],
    [
      'wants limits',
      { spec: { type: 'Limited' } },
      'spec.limited: Required value: must not be empty when type is Limited',
    ],
    [
      'wants queues for those that queue',
      { spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue' } } } },
      `${QUEUING}: Required value: must not be empty if limited.limitResponse.type is Limited`,
    ],
    [
      'deals no more than there is',
      queuing({ queues: 4, handSize: 5 }),
      `${QUEUING}.handSize: Invalid value: 5: should not be greater than queues (4)`,
    ],
    [
      'deals no more than a hash can choose',
      queuing({ queues: 512, handSize: 8 }),
      `${QUEUING}.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60`,
    ],
  ]
  for (const [criterion, body, ...errors] of cases)
    test(criterion, () => assert.deepEqual(errorsOf(priorityLevelConfigurationKind, body), errors))

  test('queues are 64 with hands of 8 and lengths of 50 unless given', () => {
    const { spec } = made(priorityLevelConfigurationKind, queuing())
    assert.deepEqual(spec.limited?.limitResponse?.queuing, {
      handSize: 8,
      queueLengthLimit: 50,
      queues: 64,
    })
    assert.equal(spec.limited?.nominalConcurrencyShares, 30)
  })
})
