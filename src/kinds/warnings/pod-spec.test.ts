import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PodTemplateSpec } from '../k8s/core.ts'
import { deploymentKind } from '../deployment.ts'
import { made } from '../test-errors.ts'
import { podWarnings } from './pod-spec.ts'

const image = 'x:1'
const HIDES = 'which may be dropped when using apply'
const NULL_SELECTOR = 'labelSelector: a null labelSelector results in matching no pod'
const one = (container: object): object => ({ containers: [{ name: 'c', image, ...container }] })

const cases: Record<string, [spec: object, ...warnings: string[]]> = {
  'a small pod': [{}],
  'labels of nodes with newer names': [
    {
      nodeSelector: { 'beta.kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
      topologySpreadConstraints: [
        { topologyKey: 'failure-domain.beta.kubernetes.io/zone', labelSelector: {} },
        { topologyKey: 'kubernetes.io/hostname' },
      ],
    },
    'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    'spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    `spec.topologySpreadConstraints[1].${NULL_SELECTOR}`,
  ],
  'terms of nodes': [
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'node-role.kubernetes.io/master', operator: 'Exists' }] },
            ],
          },
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 1,
              preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['b', '-'] }] },
            },
          ],
        },
      },
    },
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: node-role.kubernetes.io/master is use "node-role.kubernetes.io/control-plane" instead',
    "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values[1]: - is invalid, a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  'terms of pods that select none': [
    {
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a' }] },
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: { topologyKey: 'a' } },
          ],
        },
      },
    },
    `spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].${NULL_SELECTOR}`,
    `spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.${NULL_SELECTOR}`,
  ],
  'sources that are gone': [
    {
      volumes: [
        { name: 'a', gitRepo: { repository: 'r' } },
        { name: 'b', storageos: {} },
        { name: 'c', rbd: { monitors: ['m'], image: 'i' } },
        {
          name: 'd',
          ephemeral: {
            volumeClaimTemplate: { spec: { resources: { requests: { storage: '500m' } } } },
          },
        },
      ],
    },
    'spec.volumes[0].gitRepo: deprecated in v1.11',
    'spec.volumes[1].storageOS: deprecated in v1.22, non-functional in v1.25+',
    'spec.volumes[2].rbd: deprecated in v1.28, non-functional in v1.31+',
    'spec.volumes[3].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value "500m" is invalid, must be an integer',
  ],
  'files that hide one another': [
    {
      volumes: [
        {
          name: 'a',
          configMap: {
            name: 'm',
            items: [
              { key: 'k', path: 'p' },
              { key: 'l', path: 'p/q/' },
              { key: 'n', path: 'r' },
            ],
          },
        },
        {
          name: 'b',
          secret: {
            secretName: 's',
            items: [
              { key: 'k', path: 'p' },
              { key: 'l', path: 'p' },
            ],
          },
        },
        {
          name: 'd',
          projected: {
            sources: [
              {},
              { configMap: { name: 'm', items: [{ key: 'k', path: 'token' }] } },
              { serviceAccountToken: { path: 'token/a' } },
            ],
          },
        },
      ],
    },
    'volume "a" (ConfigMap "m"): overlapping paths: "p/q" with "p"',
    'volume "b" (Secret "s"): overlapping paths: "p" with "p"',
    'volume "d" (Projected) has no sources provided',
    'volume "d" (Projected ServiceAccountToken): overlapping paths: "token/a" with "token"',
  ],
  'names given twice': [
    {
      hostAliases: [{ ip: '10.0.0.1' }, { ip: '10.0.0.1' }],
      imagePullSecrets: [{ name: 'a' }, { name: 'a' }, {}],
    },
    'spec.hostAliases[1].ip: duplicate ip "10.0.0.1"',
    'spec.imagePullSecrets[1].name: duplicate name "a"',
    'spec.imagePullSecrets[2].name: invalid empty name ""',
  ],
  'parts of a byte': [
    {
      overhead: { memory: '1500m', cpu: '500m' },
      ...one({
        resources: {
          limits: { memory: '500m', cpu: '500m' },
          requests: { memory: '1Ki', 'ephemeral-storage': '100m' },
        },
      }),
    },
    'spec.overhead[memory]: fractional byte value "1500m" is invalid, must be an integer',
    'spec.containers[0].resources.limits[memory]: fractional byte value "500m" is invalid, must be an integer',
    'spec.containers[0].resources.requests[ephemeral-storage]: fractional byte value "100m" is invalid, must be an integer',
  ],
  'variables defined twice': [
    one({
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '$(A)2' },
        { name: 'A', value: '$(A)' },
        { name: 'A', value: '3' },
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
    }),
    `spec.containers[0].env[2]: hides previous definition of "A", ${HIDES}`,
    `spec.containers[0].env[3]: hides previous definition of "A", ${HIDES}`,
    `spec.containers[0].env[4]: hides previous definition of "A", ${HIDES}`,
  ],
  'ports that several containers claim': [
    {
      initContainers: [{ name: 'i', image, ports: [{ containerPort: 80, protocol: 'TCP' }] }],
      containers: [
        {
          name: 'c',
          image,
          ports: [
            { name: 'w', containerPort: 80, protocol: 'TCP' },
            { containerPort: 80, protocol: 'TCP', hostPort: 90 },
            { containerPort: 80, protocol: 'TCP', hostPort: 90, hostIP: '10.0.0.1' },
            { containerPort: 81, protocol: 'UDP', hostIP: '10.0.0.1' },
          ],
        },
      ],
    },
    'spec.containers[0].ports[0]: duplicate port definition with spec.initContainers[0].ports[0]',
    'spec.containers[0].ports[1]: overlapping port definition with spec.initContainers[0].ports[0]',
    'spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]',
    'spec.containers[0].ports[2]: overlapping port definition with spec.initContainers[0].ports[0]',
    'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]',
    'spec.containers[0].ports[2]: dangerously ambiguous port definition with spec.containers[0].ports[1]',
    'spec.containers[0].ports[3]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:81 Protocol:UDP HostIP:10.0.0.1}',
  ],
  'less than no time to end, and addresses of an old form': [
    {
      terminationGracePeriodSeconds: -1,
      hostAliases: [{ ip: '::ffff:1.2.3.4' }],
      dnsConfig: { nameservers: ['5.6.7.8', '05.06.07.08', '2001:db8:0::1'] },
    },
    'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
    'spec.dnsConfig.nameservers[1]: non-standard IP address "05.06.07.08" will be considered invalid in a future Kubernetes release: use "5.6.7.8"',
    'spec.dnsConfig.nameservers[2]: IPv6 address "2001:db8:0::1" should be in RFC 5952 canonical format ("2001:db8::1")',
    'spec.hostAliases[0].ip: non-standard IP address "::ffff:1.2.3.4" will be considered invalid in a future Kubernetes release: use "1.2.3.4"',
  ],
}

describe('what is told of a pod that is accepted', () => {
  for (const [name, [spec, ...warnings]] of Object.entries(cases))
    test(name, () => {
      // Only what the case is about is there.
      const template = { spec: { ...one({}), ...spec } } as PodTemplateSpec
      assert.deepEqual(podWarnings(template), warnings)
    })
})

const annotations = {
  'scheduler.alpha.kubernetes.io/critical-pod': '',
  'seccomp.security.alpha.kubernetes.io/pod': 'unconfined',
  'container.seccomp.security.alpha.kubernetes.io/c': 'unconfined',
  'container.apparmor.security.beta.kubernetes.io/c': 'unconfined',
}
const seccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead'

test('annotations that became fields are told of while the fields are not set', () => {
  const spec = { containers: [{ name: 'c', image }] }
  const at = (key: string): string => `spec.template.metadata.annotations[${key}]`
  assert.deepEqual(podWarnings({ metadata: { annotations }, spec }, 'spec.template.'), [
    `${at('scheduler.alpha.kubernetes.io/critical-pod')}: non-functional in v1.16+; use the "priorityClassName" field instead`,
    `${at('seccomp.security.alpha.kubernetes.io/pod')}: ${seccomp}`,
    `${at('container.seccomp.security.alpha.kubernetes.io/c')}: ${seccomp}`,
    `${at('container.apparmor.security.beta.kubernetes.io/c')}: deprecated since v1.30; use the "appArmorProfile" field instead`,
  ])
  const profile = { type: 'RuntimeDefault' } as const
  const securityContext = { seccompProfile: profile, appArmorProfile: profile }
  const set = {
    securityContext,
    containers: [{ name: 'c', image, securityContext }],
  }
  assert.equal(podWarnings({ metadata: { annotations }, spec: set }).length, 1)
})

test('a template is told of again only when something else is asked for', () => {
  const deployment = (generation: number) =>
    made(deploymentKind, {
      metadata: { generation },
      spec: { template: { spec: { ...one({}), terminationGracePeriodSeconds: -1 } } },
    })
  const warned = (old?: number) =>
    deploymentKind.warnings!(deployment(2), old === undefined ? undefined : deployment(old))
  const told =
    'spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1'
  assert.deepEqual(warned(), [told])
  assert.deepEqual(warned(1), [told])
  assert.deepEqual(warned(2), [])
})
