import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#base/fake-clock.ts'
import { ageColumn, nameColumn } from '#kinds/columns.ts'
import { defineKind } from '#kinds/define-kind.ts'
import type { ValidatingAdmissionPolicy } from '#kinds/k8s/admissionregistration.ts'
import { validatingAdmissionPolicies } from '#kinds/refs.ts'
import { builtinKinds } from '#kinds/registry.ts'
import type { TestApi } from '../../test-cluster.ts'
import { testCluster } from '../../test-cluster.ts'

const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies'
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

const policyKind = defineKind({
  ref: validatingAdmissionPolicies,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
  columns: [nameColumn, ageColumn],
  subresources: ['status'],
  hasGeneration: true,
})
const KINDS = builtinKinds.some(({ ref }) => ref.plural === policyKind.ref.plural)
  ? builtinKinds
  : [...builtinKinds, policyKind as unknown as (typeof builtinKinds)[number]]

const rule = (group: string, resources: string[]) => ({
  operations: ['CREATE'],
  apiGroups: [group],
  apiVersions: ['v1'],
  resources,
})

async function statusOf(api: TestApi, spec: object): Promise<ValidatingAdmissionPolicy['status']> {
  await api.create(POLICIES, { metadata: { name: 'p' }, spec: { failurePolicy: 'Fail', ...spec } })
  await settle()
  const policy = (await api.get(`${POLICIES}/p`)) as unknown as ValidatingAdmissionPolicy
  return policy.status
}

const matching = (...resourceRules: object[]) => ({ matchConstraints: { resourceRules } })

test('expressions that do not fit a kind are warned of in the status', async () => {
  const { api } = await testCluster({ kinds: KINDS })
  const status = await statusOf(api, {
    ...matching(rule('apps', ['deployments', 'replicasets'])),
    variables: [{ name: 'n', expression: 'object.spec.replicas' }],
    validations: [
      { expression: 'object.replicas > 1' },
      { expression: 'variables.n + "a" == ""' },
      { expression: "object.spec.strategy.type != 'x' && has(object.metadata.labels)" },
    ],
  })
  assert.deepEqual(status, {
    observedGeneration: 1,
    typeChecking: {
      expressionWarnings: [
        {
          fieldRef: 'spec.validations[0].expression',
          warning: `apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'
 | object.replicas > 1
 | ......^
apps/v1, Kind=ReplicaSet: ERROR: <input>:1:7: undefined field 'replicas'
 | object.replicas > 1
 | ......^`,
        },
        {
          fieldRef: 'spec.validations[1].expression',
          warning: `apps/v1, Kind=Deployment: ERROR: <input>:1:13: found no matching overload for '_+_' applied to '(int, string)'
 | variables.n + "a" == ""
 | ............^
apps/v1, Kind=ReplicaSet: ERROR: <input>:1:13: found no matching overload for '_+_' applied to '(int, string)'
 | variables.n + "a" == ""
 | ............^`,
        },
        {
          fieldRef: 'spec.validations[2].expression',
          warning: `apps/v1, Kind=ReplicaSet: ERROR: <input>:1:12: undefined field 'strategy'
 | object.spec.strategy.type != 'x' && has(object.metadata.labels)
 | ...........^`,
        },
      ],
    },
  })
})

test('a policy whose expressions fit has nothing in its status but that it was looked at', async () => {
  const { api } = await testCluster({ kinds: KINDS })
  const expression =
    "object.spec.template.spec.containers.all(c, c.image != '' && !has(c.resources.limits)) && object.metadata.creationTimestamp < timestamp('2999-01-01T00:00:00Z')"
  const spec = { ...matching(rule('apps', ['deployments'])), validations: [{ expression }] }
  assert.deepEqual(await statusOf(api, spec), { observedGeneration: 1, typeChecking: {} })
})

test('the types of custom kinds and of parameters are those of their schemas', async () => {
  const { api } = await testCluster({ kinds: KINDS })
  const schema = (properties: object) => ({
    openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
  })
  await api.create(CRDS, {
    metadata: { name: 'crontabs.stable.example.com' },
    spec: {
      group: 'stable.example.com',
      scope: 'Namespaced',
      names: { plural: 'crontabs', kind: 'CronTab' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: schema({ replicas: { type: 'integer' } }),
        },
      ],
    },
  })
  const status = await statusOf(api, {
    ...matching(rule('stable.example.com', ['crontabs'])),
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [
      { expression: "object.spec.replicas > 1 && params.data.x == 'y'" },
      { expression: "object.spec.replicas > '1'" },
      { expression: 'params.datum == {}' },
    ],
  })
  assert.deepEqual(
    status?.typeChecking?.expressionWarnings?.map(({ fieldRef, warning }) => [
      fieldRef,
      warning.split('\n')[0],
    ]),
    [
      [
        'spec.validations[1].expression',
        "stable.example.com/v1, Kind=CronTab: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'",
      ],
      [
        'spec.validations[2].expression',
        "stable.example.com/v1, Kind=CronTab: ERROR: <input>:1:7: undefined field 'datum'",
      ],
    ],
  )
})
