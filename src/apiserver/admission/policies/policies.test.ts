import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#base/fake-clock.ts'
import { ageColumn, nameColumn } from '#kinds/columns.ts'
import { defineKind } from '#kinds/define-kind.ts'
import {
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  mutatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from '#kinds/refs.ts'
import { builtinKinds } from '#kinds/registry.ts'
import type { LogicalClusterOptions } from '../../logical-cluster.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../plugin.ts'
import type { TestApi, TestCluster } from '../../test-cluster.ts'
import {
  CONFIG_MAPS,
  configMap,
  DEPLOYMENTS,
  deployment,
  pod,
  PODS,
  serviceAccount,
  testCluster,
} from '../../test-cluster.ts'

const REFS = [
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  mutatingWebhookConfigurations,
]
const OWN_KINDS = REFS.filter(
  ({ plural }) => !builtinKinds.some(({ ref }) => ref.plural === plural),
).map((ref) =>
  defineKind({
    ref,
    schema: `io.k8s.api.admissionregistration.v1.${ref.kind}`,
    columns: [nameColumn, ageColumn],
  }),
)
const REGISTRATION = '/apis/admissionregistration.k8s.io/v1'

async function cluster(options: Partial<LogicalClusterOptions> = {}): Promise<TestCluster> {
  const made = await testCluster({ kinds: [...builtinKinds, ...OWN_KINDS], ...options })
  await made.api.create('/api/v1/namespaces/default/serviceaccounts', serviceAccount('default'))
  return made
}

const rule = (resources: string[], more: object = {}) => ({
  operations: ['CREATE', 'UPDATE'],
  apiGroups: ['*'],
  apiVersions: ['*'],
  resources,
  ...more,
})

interface Bound {
  kind?: 'Validating' | 'Mutating'
  spec: object
  binding?: object
  resources?: string[]
}

/** A policy "p" with its binding "b". */
async function bind(
  api: TestApi,
  { kind = 'Validating', spec, binding = {}, resources }: Bound,
): Promise<void> {
  const plural = `${kind.toLowerCase()}admissionpolic`
  await api.create(`${REGISTRATION}/${plural}ies`, {
    metadata: { name: 'p' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules: [rule(resources ?? ['configmaps'])] },
      ...spec,
    },
  })
  await api.create(`${REGISTRATION}/${plural}ybindings`, {
    metadata: { name: 'b' },
    spec: {
      policyName: 'p',
      ...(kind === 'Validating' ? { validationActions: ['Deny'] } : {}),
      ...binding,
    },
  })
  await settle()
}

const DENIED = `ValidatingAdmissionPolicy 'p' with binding 'b' denied request`

const refusedWith = (text: string, name = 'c') => ({
  reason: 'Invalid',
  code: 422,
  message: `configmaps "${name}" is forbidden: ${text}`,
})

test('a policy refuses what its expressions say no to', async () => {
  const { api } = await cluster()
  await bind(api, {
    spec: {
      validations: [
        { expression: "object.metadata.name != 'c'", message: 'not this name' },
        {
          expression: 'has(object.data)',
          messageExpression: "object.metadata.name + ' has no data'",
        },
        { expression: "!has(object.data) || !('x' in object.data)" },
      ],
    },
  })
  await assert.rejects(api.create(CONFIG_MAPS, configMap('c', { data: {} })), {
    ...refusedWith(`${DENIED}: not this name`),
    details: { name: 'c', kind: 'configmaps', causes: [{ message: `${DENIED}: not this name` }] },
  })
  await assert.rejects(
    api.create(CONFIG_MAPS, configMap('d')),
    refusedWith(`${DENIED}: d has no data`, 'd'),
  )
  await assert.rejects(
    api.create(CONFIG_MAPS, configMap('d', { data: { x: '1' } })),
    refusedWith(`${DENIED}: failed expression: !has(object.data) || !('x' in object.data)`, 'd'),
  )
  await api.create(CONFIG_MAPS, configMap('d', { data: { y: '1' } }))
  await assert.rejects(api.patch(`${CONFIG_MAPS}/d`, { data: { x: '1' } }), { code: 422 })
})

test('a deployment is validated, with variables that build on one another', async () => {
  const { api } = await cluster()
  await bind(api, {
    resources: ['deployments'],
    spec: {
      variables: [
        { name: 'replicas', expression: 'object.spec.replicas' },
        { name: 'isOdd', expression: 'variables.replicas % 2 == 1' },
        { name: 'never', expression: 'object.spec.nope' },
      ],
      validations: [
        { expression: 'variables.replicas > 1' },
        { expression: 'variables.isOdd', message: 'an odd number', reason: 'Forbidden' },
      ],
    },
  })
  await assert.rejects(api.create(DEPLOYMENTS, deployment('a', { replicas: 1 })), {
    reason: 'Invalid',
    message: `deployments.apps "a" is forbidden: ${DENIED}: failed expression: variables.replicas > 1`,
  })
  await assert.rejects(api.create(DEPLOYMENTS, deployment('a', { replicas: 2 })), {
    reason: 'Forbidden',
    code: 403,
  })
  await api.create(DEPLOYMENTS, deployment('a', { replicas: 3 }))
})

test('warnings and notes let the request through', async () => {
  const seen: AdmissionRequest[] = []
  const witness: AdmissionPlugin = {
    name: 'Witness',
    admit: (request) => void (request.auditAnnotations = {}),
    validate: (request) => void seen.push(request),
  }
  const { api } = await cluster({ admission: [witness] })
  await bind(api, {
    spec: {
      validations: [{ expression: 'false', message: 'm' }],
      auditAnnotations: [
        { key: 'name', valueExpression: "'is ' + object.metadata.name" },
        { key: 'none', valueExpression: 'null' },
      ],
    },
    binding: { validationActions: ['Warn', 'Audit'] },
  })
  await api.create(CONFIG_MAPS, configMap('c'))
  const request = seen.at(-1)
  assert.deepEqual(request?.warnings, [
    "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': m",
  ])
  const { [FAILURE]: failure, ...notes } = request?.auditAnnotations ?? {}
  assert.deepEqual(notes, { 'p/name': 'is c' })
  assert.deepEqual(JSON.parse(failure ?? ''), [
    {
      message: 'm',
      policy: 'p',
      binding: 'b',
      expressionIndex: 0,
      validationActions: ['Warn', 'Audit'],
    },
  ])
})

const FAILURE = 'validation.policy.admission.k8s.io/validation_failure'

test('expressions see the request, what it replaces, its namespace and what its user may do', async () => {
  const { api, as } = await cluster()
  const check = [
    "request.operation == 'CREATE' ? oldObject == null : oldObject.metadata.name == object.metadata.name",
    "request.resource.resource == 'configmaps' && request.kind.kind == 'ConfigMap' && request.namespace == 'default'",
    "request.userInfo.username == 'eve' || 'system:masters' in request.userInfo.groups",
    "namespaceObject.metadata.name == 'default'",
    "authorizer.group('').resource('secrets').namespace('default').check('get').allowed() || request.userInfo.username != 'admin'",
    "authorizer.requestResource.check('create').allowed()",
    "!authorizer.serviceAccount('default', 'nobody').path('/metrics').check('get').allowed()",
  ]
  await bind(api, { spec: { validations: check.map((expression) => ({ expression })) } })
  await api.create(CONFIG_MAPS, configMap('c'))
  await api.patch(`${CONFIG_MAPS}/c`, { data: { a: 'b' } })
  await assert.rejects(as({ username: 'eve', groups: [] }).create(CONFIG_MAPS, configMap('d')), {
    reason: 'Forbidden',
  })
})

test('match conditions and exclusions narrow what a policy is about', async () => {
  const { api } = await cluster()
  await bind(api, {
    spec: {
      matchConstraints: {
        resourceRules: [rule(['configmaps'])],
        excludeResourceRules: [rule(['configmaps'], { resourceNames: ['free'] })],
        objectSelector: { matchExpressions: [{ key: 'off', operator: 'DoesNotExist' }] },
      },
      matchConditions: [{ name: 'not-d', expression: "object.metadata.name != 'd'" }],
      validations: [{ expression: 'false' }],
    },
    binding: { matchResources: { namespaceSelector: { matchLabels: { watched: 'yes' } } } },
  })
  await api.create(CONFIG_MAPS, configMap('elsewhere'))
  await api.patch('/api/v1/namespaces/default', { metadata: { labels: { watched: 'yes' } } })
  await api.create(CONFIG_MAPS, configMap('free'))
  await api.create(CONFIG_MAPS, configMap('d'))
  await api.create(CONFIG_MAPS, configMap('off', {}, { labels: { off: '' } }))
  await assert.rejects(api.create(CONFIG_MAPS, configMap('c')), { code: 422 })
  await api.create(PODS, pod('c'))
})

test('parameters come by name or by label, and may be needed', async () => {
  const { api } = await cluster()
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [{ expression: 'object.metadata.name in params.data', message: 'not listed' }],
  }
  const paramRef = { name: 'list', parameterNotFoundAction: 'Deny' }
  await bind(api, { resources: ['pods'], spec, binding: { paramRef } })
  await assert.rejects(api.create(PODS, pod('a')), {
    message: `pods "a" is forbidden: ${DENIED}: failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
  })
  await api.create(CONFIG_MAPS, configMap('list', { data: { a: '' } }, { labels: { list: 'yes' } }))
  await api.create(PODS, pod('a'))
  await assert.rejects(api.create(PODS, pod('b')), {
    message: `pods "b" is forbidden: ${DENIED}: not listed`,
  })
  const selector = { matchLabels: { list: 'yes' } }
  await api.patch(`${REGISTRATION}/validatingadmissionpolicybindings/b`, {
    spec: { paramRef: { name: null, selector } },
  })
  await assert.rejects(api.create(PODS, pod('b')), {
    message: `pods "b" is forbidden: ${DENIED}: not listed`,
  })
  await api.patch(`${CONFIG_MAPS}/list`, { metadata: { labels: { list: 'no' } } })
  await api.patch(`${REGISTRATION}/validatingadmissionpolicybindings/b`, {
    spec: { paramRef: { parameterNotFoundAction: 'Allow' } },
  })
  await api.create(PODS, pod('b'))
})

test('an expression that fails counts by the failure policy', async () => {
  const { api } = await cluster()
  const validations = [{ expression: "object.data['x'] == '1'" }]
  await bind(api, { spec: { validations } })
  await assert.rejects(
    api.create(CONFIG_MAPS, configMap('c', { data: { y: '1' } })),
    refusedWith(
      `${DENIED}: expression 'object.data['x'] == '1'' resulted in error: no such key: x`,
    ),
  )
  await api.patch(`${REGISTRATION}/validatingadmissionpolicies/p`, {
    spec: { failurePolicy: 'Ignore' },
  })
  await api.create(CONFIG_MAPS, configMap('c', { data: { y: '1' } }))
})

test('a policy without a binding has no effect, and deletes are asked about too', async () => {
  const { api } = await cluster()
  await bind(api, {
    spec: {
      matchConstraints: { resourceRules: [rule(['configmaps'], { operations: ['DELETE'] })] },
      validations: [{ expression: "object == null && oldObject.metadata.name != 'c'" }],
    },
  })
  await api.create(CONFIG_MAPS, configMap('c'))
  await assert.rejects(api.delete(`${CONFIG_MAPS}/c`), { code: 422 })
  await api.delete(`${REGISTRATION}/validatingadmissionpolicybindings/b`)
  await settle()
  await api.delete(`${CONFIG_MAPS}/c`)
})

test('expressions that cannot be compiled are refused with their policy or webhook', async () => {
  const { api } = await cluster()
  const spec = {
    matchConditions: [{ name: 'a', expression: 'variables.x' }],
    validations: [{ expression: 'nope == 1', messageExpression: '1' }],
  }
  await assert.rejects(bind(api, { spec }), {
    reason: 'Invalid',
    message: `ValidatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: [spec.matchConditions[0].expression: Invalid value: "variables.x": compilation failed: ERROR: <input>:1:1: undeclared reference to 'variables' (in container '')
 | variables.x
 | ^, spec.validations[0].expression: Invalid value: "nope == 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'nope' (in container '')
 | nope == 1
 | ^, spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string]`,
  })
})

test('a policy changes objects by JSON patches that expressions build', async () => {
  const { api } = await cluster()
  const expression = `has(object.metadata.labels)
    ? [JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 'c'}]
    : [JSONPatch{op: 'add', path: '/metadata/labels', value: {'a/b': 'c'}}, JSONPatch{op: 'test', path: '/metadata/name', value: 'c'}]`
  await bind(api, {
    kind: 'Mutating',
    spec: {
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
    },
  })
  const labelled = await api.create(CONFIG_MAPS, configMap('b', {}, { labels: { x: 'y' } }))
  assert.deepEqual(labelled['metadata']?.['labels'], { x: 'y', 'a/b': 'c' })
  assert.deepEqual((await api.create(CONFIG_MAPS, configMap('c')))['metadata']?.['labels'], {
    'a/b': 'c',
  })
  // A test that does not hold leaves the object as it is.
  assert.equal((await api.create(CONFIG_MAPS, configMap('d')))['metadata']?.['labels'], undefined)
})

test('a deployment is changed by an object that is merged into it', async () => {
  const { api } = await cluster()
  const expression = `Object{
    metadata: Object.metadata{annotations: {'seen': 'yes'}},
    spec: Object.spec{
      replicas: object.spec.replicas + 1,
      template: Object.spec.template{spec: Object.spec.template.spec{
        containers: [
          Object.spec.template.spec.containers{name: 'main', imagePullPolicy: 'Always'},
          Object.spec.template.spec.containers{name: 'side', image: 'busybox'}
        ]}}}}`
  await bind(api, {
    kind: 'Mutating',
    resources: ['deployments'],
    spec: {
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    },
  })
  const made = (await api.create(DEPLOYMENTS, deployment('a', { replicas: 2 }))) as {
    metadata?: { annotations?: unknown }
    spec?: { replicas?: unknown; template?: { spec?: { containers?: unknown } } }
  }
  assert.deepEqual(made.metadata?.annotations, { seen: 'yes' })
  assert.equal(made.spec?.replicas, 3)
  const containers = made.spec?.template?.spec?.containers as {
    name: string
    image: string
    imagePullPolicy: string
  }[]
  assert.deepEqual(
    containers.map(({ name, image, imagePullPolicy }) => ({ name, image, imagePullPolicy })),
    [
      { name: 'main', image: 'busybox', imagePullPolicy: 'Always' },
      { name: 'side', image: 'busybox', imagePullPolicy: 'Always' },
    ],
  )
})

test('annotations come to a deployment whether it has some or none, before it has its name', async () => {
  const { api } = await cluster()
  const expression = `Object{metadata: Object.metadata{annotations: {
    'named': has(object.metadata.name) ? 'yes' : 'no',
    'known': has(object.metadata.uid) ? 'yes' : 'no'}}}`
  await bind(api, {
    kind: 'Mutating',
    resources: ['deployments'],
    spec: {
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    },
  })
  const annotated = async (metadata: object) =>
    (await api.create(DEPLOYMENTS, { ...deployment('a'), metadata }))['metadata']?.['annotations']
  assert.deepEqual(await annotated({ name: 'a', annotations: { own: 'x', named: 'who' } }), {
    own: 'x',
    named: 'yes',
    known: 'no',
  })
  assert.deepEqual(await annotated({ generateName: 'a-' }), { named: 'no', known: 'no' })
})

test('mutations see one another, and are asked again only where the policy wants it', async () => {
  const { api } = await cluster()
  const mutation = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } })
  await bind(api, {
    kind: 'Mutating',
    spec: {
      reinvocationPolicy: 'IfNeeded',
      mutations: [
        mutation(
          "[JSONPatch{op: 'add', path: '/data', value: {'n': has(object.data) ? object.data.n + 'x' : 'x'}}]",
        ),
        mutation("[JSONPatch{op: 'replace', path: '/data/n', value: object.data.n + 'y'}]"),
      ],
    },
  })
  // The second round changes nothing before the policy: it is not asked again.
  assert.deepEqual((await api.create(CONFIG_MAPS, configMap('c')))['data'], { n: 'xy' })
})

test('a mutation that cannot be made refuses the request', async () => {
  const { api } = await cluster()
  const expression = "[JSONPatch{op: 'replace', path: '/data/nope', value: 'x'}]"
  await bind(api, {
    kind: 'Mutating',
    spec: {
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
    },
  })
  await assert.rejects(
    api.create(CONFIG_MAPS, configMap('c')),
    refusedWith(
      "policy 'p' with binding 'b' denied request: JSONPath: doc is missing path: /data/nope",
    ),
  )
  const wrong = 'Object{spec: Object.metadata{}}'
  await api.patch(`${REGISTRATION}/mutatingadmissionpolicies/p`, {
    spec: {
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: wrong } }],
    },
  })
  await settle()
  await assert.rejects(api.create(CONFIG_MAPS, configMap('c')), {
    message: /type mismatch: unexpected type name "Object.metadata", expected "Object.spec"/,
  })
})

test('policies and their bindings are beyond the reach of policies', async () => {
  const { api } = await cluster()
  await bind(api, { resources: ['*'], spec: { validations: [{ expression: 'false' }] } })
  await assert.rejects(api.create(CONFIG_MAPS, configMap('c')), { code: 422 })
  await api.delete(`${REGISTRATION}/validatingadmissionpolicybindings/b`)
  await settle()
  await api.create(CONFIG_MAPS, configMap('c'))
})

test('nobody is made somebody else as who asks for a certificate', async () => {
  const { api } = await cluster()
  await bind(api, {
    kind: 'Mutating',
    spec: {
      reinvocationPolicy: 'Never',
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ['certificates.k8s.io'],
            apiVersions: ['v1'],
            operations: ['CREATE'],
            resources: ['certificatesigningrequests'],
          },
        ],
      },
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: {
            expression: `[JSONPatch{op: 'add', path: '/spec/username', value: 'system:node:a'},
              JSONPatch{op: 'add', path: '/metadata/labels', value: {'seen': 'yes'}}]`,
          },
        },
      ],
    },
  })
  const made = await api.create('/apis/certificates.k8s.io/v1/certificatesigningrequests', {
    metadata: { name: 'r' },
    spec: { request: SIGNING_REQUEST, signerName: 'example.com/signer', usages: ['client auth'] },
  })
  assert.deepEqual(made['metadata']?.['labels'], { seen: 'yes' })
  assert.equal(made['spec']?.['username'], 'admin')
})

const SIGNING_REQUEST = Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----
MIHiMIGKAgEAMCgxFzAVBgNVBAoMDnN5c3RlbTptYXN0ZXJzMQ0wCwYDVQQDDARq
YW5lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEovuaccMEfXWaxffKHCSpf8Iy
MgGPfvdfO0bptgqYOM6U45pU0QlL4zLQeH1vII1WNR1KwBvDjQnsqdQ0PtOlQ6AA
MAoGCCqGSM49BAMCA0cAMEQCIBe249n3I4uaH1s50RTaxRDAXlUyJ3LMw91TIi6i
0T64AiBYS2taK5nsl1pszcA+hMhRejImzV/ZdsrUwpSyOubJZg==
-----END CERTIFICATE REQUEST-----
`).toString('base64')
