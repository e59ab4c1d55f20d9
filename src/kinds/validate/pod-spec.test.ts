import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Container, Pod, PodSpec } from '../k8s/core.ts'
import { defaultPod } from '../defaults/pod-spec.ts'
import { validatePodSpec } from './pod-spec.ts'

const image = 'x:1'

function errorsOf(spec: Partial<PodSpec>): string[] {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image }], ...spec },
  } as Pod
  defaultPod(pod)
  return validatePodSpec(pod.spec, 'spec').map(({ field, message }) => `${field}: ${message}`)
}

const one = (container: Partial<Container>): Partial<PodSpec> => ({
  containers: [{ name: 'c', image, ...container }],
})

/** What is written, and all that is said about it. Values outside the types are what clients send. */
const cases: Record<string, [spec: unknown, ...errors: string[]]> = {
  'a small pod': [{}],
  'a name that is no label': [
    { containers: [{ name: 'A', image }] },
    "spec.containers[0].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  'an image with a blank': [
    one({ image: ' x' }),
    'spec.containers[0].image: Invalid value: " x": must not have leading or trailing whitespace',
  ],
  'an init container with the name of a container': [
    { initContainers: [{ name: 'c', image }] },
    'spec.initContainers[0].name: Duplicate value: "c"',
  ],
  'an init container with a probe': [
    { initContainers: [{ name: 'i', image, livenessProbe: { httpGet: { port: 80 } } }] },
    'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  ],
  'a sidecar with a probe': [
    {
      initContainers: [
        { name: 'i', image, restartPolicy: 'Always', startupProbe: { tcpSocket: { port: 80 } } },
      ],
    },
  ],
  'an init container that is tried again by its own policy': [
    {
      initContainers: [
        {
          name: 'i',
          image,
          restartPolicy: 'Never',
          restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
        },
      ],
    },
  ],
  'an unknown restart policy of a container': [
    one({ restartPolicy: 'Sometimes' }),
    'spec.containers[0].restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
  ],
  'restart rules without a policy, and rules that say nothing': [
    one({
      restartPolicyRules: [
        { action: 'Stop' },
        { action: 'Restart', exitCodes: { operator: 'Is' } },
      ],
    }),
    'spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used',
    'spec.containers[0].restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart"',
    'spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified',
    'spec.containers[0].restartPolicyRules[1].exitCodes.operator: Unsupported value: "Is": supported values: "In", "NotIn"',
  ],
  'hooks that sleep within the grace period': [
    one({
      lifecycle: { postStart: { sleep: { seconds: 30 } }, preStop: { sleep: { seconds: 0 } } },
    }),
  ],
  'a hook that sleeps longer than the grace period': [
    {
      ...one({ lifecycle: { preStop: { sleep: { seconds: 11 } } } }),
      terminationGracePeriodSeconds: 10,
    },
    'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 11: must be non-negative and less than terminationGracePeriodSeconds (10)',
  ],
  'a stop signal without an operating system': [
    one({ lifecycle: { stopSignal: 'SIGUSR1' } }),
    'spec.containers[0].lifecycle.stopSignal: Forbidden: may not be set for containers with empty `spec.os.name`',
  ],
  'a stop signal': [{ ...one({ lifecycle: { stopSignal: 'SIGRTMIN+3' } }), os: { name: 'linux' } }],
  'a port out of range': [
    one({ ports: [{ containerPort: 70_000 }] }),
    'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
  ],
  'an unknown protocol': [
    one({ ports: [{ containerPort: 80, protocol: 'ICMP' as 'TCP' }] }),
    'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
  ],
  'two ports of one name': [
    one({
      ports: [
        { name: 'web', containerPort: 80 },
        { name: 'web', containerPort: 81 },
      ],
    }),
    'spec.containers[0].ports[1].name: Duplicate value: "web"',
  ],
  'a host port on the host network that differs': [
    { hostNetwork: true, ...one({ ports: [{ containerPort: 80, hostPort: 81 }] }) },
    'spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true',
  ],
  'a variable without a name': [
    one({ env: [{ name: '' }] }),
    'spec.containers[0].env[0].name: Required value',
  ],
  'a variable from nowhere': [
    one({ env: [{ name: 'A', valueFrom: {} }] }),
    'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
  ],
  'a variable with a value and a source': [
    one({
      env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    }),
    'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
  ],
  'a variable from a label': [
    one({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a/b']" } } }] }),
  ],
  'a mount without a path': [
    { volumes: [{ name: 'v' }], ...one({ volumeMounts: [{ name: 'v', mountPath: '' }] }) },
    'spec.containers[0].volumeMounts[0].mountPath: Required value',
  ],
  'two mounts at one path': [
    {
      volumes: [{ name: 'v' }],
      ...one({
        volumeMounts: [
          { name: 'v', mountPath: '/a' },
          { name: 'v', mountPath: '/a' },
        ],
      }),
    },
    'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
  ],
  'a sub-path that leaves the volume': [
    {
      volumes: [{ name: 'v' }],
      ...one({ volumeMounts: [{ name: 'v', mountPath: '/a', subPath: 'x/../../y' }] }),
    },
    'spec.containers[0].volumeMounts[0].subPath: Invalid value: "x/../../y": must not contain \'..\'',
  ],
  'a volume with two sources': [
    { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }] },
    'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
  ],
  'two volumes of one name': [
    { volumes: [{ name: 'v' }, { name: 'v' }] },
    'spec.volumes[1].name: Duplicate value: "v"',
  ],
  'a secret volume without a secret': [
    { volumes: [{ name: 'v', secret: {} }] },
    'spec.volumes[0].secret.secretName: Required value',
  ],
  'a mode out of range': [
    { volumes: [{ name: 'v', configMap: { name: 'c', defaultMode: 0o1000 } }] },
    'spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
  ],
  'projected sources that take the same path': [
    {
      volumes: [
        {
          name: 'v',
          projected: {
            sources: [
              { secret: { name: 's', items: [{ key: 'a', path: 'x' }] } },
              { configMap: { name: 'c', items: [{ key: 'a', path: 'x' }] } },
              { serviceAccountToken: { path: 'x' } },
              { downwardAPI: { items: [{ path: 'y', fieldRef: { fieldPath: 'metadata.name' } }] } },
            ],
          },
        },
      ],
    },
    'spec.volumes[0].projected: Invalid value: "c": conflicting duplicate paths',
    'spec.volumes[0].projected: Invalid value: "x": conflicting duplicate paths',
  ],
  'a file of the downward API from two places': [
    {
      volumes: [
        {
          name: 'v',
          downwardAPI: {
            items: [
              {
                path: 'x',
                fieldRef: { fieldPath: 'metadata.name' },
                resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' },
              },
              { path: 'y' },
            ],
          },
        },
      ],
    },
    'spec.volumes[0].downwardAPI.items[0]: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously',
    'spec.volumes[0].downwardAPI.items[1]: Required value: one of fieldRef and resourceFieldRef is required',
  ],
  'resources told in units that are none': [
    one({
      env: [
        { name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
        { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } },
        { name: 'C', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '5' } } },
      ],
    }),
    `spec.containers[0].env[1].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
    `spec.containers[0].env[2].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource`,
  ],
  'a variable from a file that is nowhere': [
    one({
      env: [
        { name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'a/env', key: 'A' } } },
        { name: 'B', valueFrom: { fileKeyRef: { volumeName: '', path: '/env', key: '' } } },
      ],
    }),
    'spec.containers[0].env[1].valueFrom.fileKeyRef.key: Required value',
    'spec.containers[0].env[1].valueFrom.fileKeyRef.volumeName: Required value',
    'spec.containers[0].env[1].valueFrom.fileKeyRef.path: Invalid value: "/env": must be a relative path',
  ],
  'mounts that propagate or recurse as they may not': [
    {
      volumes: [{ name: 'v' }],
      ...one({
        volumeMounts: [
          { name: 'v', mountPath: '/a', mountPropagation: 'Bidirectional' },
          { name: 'v', mountPath: '/b', recursiveReadOnly: 'Enabled' },
          {
            name: 'v',
            mountPath: '/c',
            readOnly: true,
            recursiveReadOnly: 'IfPossible',
            mountPropagation: 'HostToContainer',
          },
          { name: 'v', mountPath: '/d', subPathExpr: '/x' },
        ],
      }),
    },
    'spec.containers[0].volumeMounts[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
    'spec.containers[0].volumeMounts[1].recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
    'spec.containers[0].volumeMounts[2].recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified',
    'spec.containers[0].volumeMounts[3].subPathExpr: Invalid value: "/x": must be a relative path',
  ],
  'a token that lives too short': [
    {
      volumes: [
        {
          name: 'v',
          projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 1 } }] },
        },
      ],
    },
    'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
  ],
  'a probe without a handler': [
    one({ livenessProbe: {} }),
    'spec.containers[0].livenessProbe: Required value: must specify a handler type',
  ],
  'a probe with two handlers': [
    one({ readinessProbe: { exec: { command: ['true'] }, tcpSocket: { port: 80 } } }),
    'spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
  ],
  'a liveness probe that must succeed twice': [
    one({ livenessProbe: { tcpSocket: { port: 80 }, successThreshold: 2 } }),
    'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
  ],
  'a probe of an unnamed port': [
    one({ livenessProbe: { httpGet: { port: '80' } } }),
    'spec.containers[0].livenessProbe.httpGet.port: Invalid value: "80": must contain at least one letter (a-z)',
  ],
  'a resource nobody knows': [
    one({ resources: { limits: { gpu: '1' } } }),
    'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
    'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers',
  ],
  'a negative request': [
    one({ resources: { requests: { cpu: '-1' } } }),
    'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  'a device with a smaller request': [
    one({ resources: { limits: { 'a.b/c': '2' }, requests: { 'a.b/c': '1' } } }),
    'spec.containers[0].resources.requests: Invalid value: "1": must be equal to a.b/c limit of 2',
  ],
  'an unknown DNS policy': [
    { dnsPolicy: 'Mine' },
    'spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"',
  ],
  'a DNS of its own without servers': [
    { dnsPolicy: 'None' },
    'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
  ],
  'a deadline of 0': [
    { activeDeadlineSeconds: 0 },
    'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
  ],
  'a toleration of everything but with Equal': [
    { tolerations: [{ operator: 'Equal' }] },
    'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
  ],
  'a spread without skew': [
    {
      topologySpreadConstraints: [
        { maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
      ],
    },
    'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
  ],
  'a node affinity without terms': [
    {
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
      },
    },
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
  ],
  'a node field that is not the name, and two names': [
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchFields: [{ key: 'spec.taints', operator: 'In', values: ['x'] }] },
              { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a', 'b'] }] },
            ],
          },
        },
      },
    },
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key: Invalid value: "spec.taints": not a valid field selector key',
    "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchFields[0].values: Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
  ],
  'label keys without a selector, and of both kinds': [
    {
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'zone', matchLabelKeys: ['a'] },
            {
              topologyKey: 'zone',
              labelSelector: {},
              matchLabelKeys: ['a'],
              mismatchLabelKeys: ['a'],
            },
          ],
        },
      },
    },
    'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
    'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[1].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys',
  ],
  'a spread with least domains that need not hold, and a policy nobody knows': [
    {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          minDomains: 2,
          nodeTaintsPolicy: 'Maybe' as 'Honor',
        },
      ],
    },
    'spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
    'spec.topologySpreadConstraints[0].nodeTaintsPolicy: Unsupported value: "Maybe": supported values: "Honor", "Ignore"',
  ],
  'a spread whose selector speaks of a label key already': [
    {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          // As the key list was written out.
          labelSelector: {
            matchLabels: { a: '1' },
            matchExpressions: [{ key: 'a', operator: 'In', values: ['1'] }],
          },
          matchLabelKeys: ['a'],
        },
      ],
    },
    'spec.topologySpreadConstraints[0].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector',
  ],
  'a toleration of more than a word': [
    { tolerations: [{ key: 'load', operator: 'Gt', value: 'much' }] },
    'spec.tolerations[0].value: Invalid value: "much": must be an integer with \'Gt\'',
  ],
  'privileges given and refused': [
    one({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    'spec.containers[0].securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
  ],
}

describe('validatePodSpec', () => {
  for (const [name, [spec, ...errors]] of Object.entries(cases))
    test(name, () => {
      assert.deepEqual(errorsOf(spec as Partial<PodSpec>), errors)
    })
})
