import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { daemonSetKind } from '../daemon-set.ts'
import { podKind } from '../pod.ts'
import { errorsOf } from '../test-errors.ts'

const image = 'x:1'
const AS_WINDOWS = 'Forbidden: cannot be set for a windows pod'
const one = (container: object): object => ({ containers: [{ name: 'c', image, ...container }] })
const podErrors = (spec: object): string[] => errorsOf(podKind, { spec: { ...one({}), ...spec } })

/** What is written, and all that is said about it. */
const cases: Record<string, [spec: object, ...errors: string[]]> = {
  'profiles as they should be': [
    {
      securityContext: {
        seccompProfile: { type: 'Localhost', localhostProfile: 'a/b.json' },
        appArmorProfile: { type: 'Localhost', localhostProfile: 'k8s-a' },
        fsGroupChangePolicy: 'OnRootMismatch',
        supplementalGroupsPolicy: 'Strict',
      },
    },
  ],
  'profiles without what they need': [
    {
      securityContext: { seccompProfile: { type: 'Localhost' }, appArmorProfile: {} },
      ...one({
        securityContext: {
          seccompProfile: { type: 'RuntimeDefault', localhostProfile: 'a' },
          appArmorProfile: { type: 'Unconfined', localhostProfile: 'a' },
        },
      }),
    },
    'spec.containers[0].securityContext.seccompProfile.localhostProfile: Invalid value: {"type":"RuntimeDefault","localhostProfile":"a"}: can only be set when seccomp type is Localhost',
    'spec.containers[0].securityContext.appArmorProfile.localhostProfile: Invalid value: "a": can only be set when AppArmor type is Localhost',
    'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    'spec.securityContext.appArmorProfile.type: Required value: type is required when appArmorProfile is set',
  ],
  'profiles from elsewhere': [
    {
      securityContext: {
        seccompProfile: { type: 'Localhost', localhostProfile: '../a' },
        appArmorProfile: { type: 'Localhost', localhostProfile: ' a' },
        fsGroupChangePolicy: 'Never',
        supplementalGroupsPolicy: 'Never',
      },
    },
    'spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch"',
    'spec.securityContext.seccompProfile.localhostProfile: Invalid value: "../a": must not contain \'..\'',
    'spec.securityContext.appArmorProfile.localhostProfile: Invalid value: " a": must not be padded with whitespace',
    'spec.securityContext.supplementalGroupsPolicy: Unsupported value: "Never": supported values: "Merge", "Strict"',
  ],
  'types that are none': [
    { securityContext: { seccompProfile: { type: 'A' }, appArmorProfile: { type: 'A' } } },
    'spec.securityContext.seccompProfile.type: Unsupported value: "A": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
    'spec.securityContext.appArmorProfile.type: Unsupported value: "A": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
  ],
  'system controls': [
    {
      hostNetwork: true,
      securityContext: {
        sysctls: [
          { name: 'kernel.shmmax', value: '1' },
          { name: 'kernel.shmmax', value: '1' },
          { name: 'net/core/somaxconn', value: '1' },
          { name: 'A b', value: '1' },
          { name: '', value: '1' },
        ],
      },
    },
    'spec.securityContext.sysctls[1].name: Duplicate value: "kernel.shmmax"',
    'spec.securityContext.sysctls[2].name: Invalid value: "net/core/somaxconn": may not be specified when \'hostNetwork\' is true',
    String.raw`spec.securityContext.sysctls[3].name: Invalid value: "A b": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`,
    'spec.securityContext.sysctls[4].name: Required value',
  ],
  'a control of the host': [
    { hostIPC: true, securityContext: { sysctls: [{ name: 'fs.mqueue.msg_max', value: '1' }] } },
    'spec.securityContext.sysctls[0].name: Invalid value: "fs.mqueue.msg_max": may not be specified when \'hostIPC\' is true',
  ],
  'users of its own in namespaces of the host': [
    { hostUsers: false, hostNetwork: true, hostPID: true, hostIPC: true },
    'spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false',
    'spec.HostPID: Forbidden: when `pod.Spec.HostUsers` is false',
    'spec.HostIPC: Forbidden: when `pod.Spec.HostUsers` is false',
  ],
  'an operating system without a name': [
    { os: {} },
    'spec.os.name: Required value: cannot be empty',
  ],
  'an operating system that is none': [
    { os: { name: 'plan9' } },
    'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"',
  ],
  'options of Windows on Linux': [
    {
      os: { name: 'linux' },
      securityContext: { windowsOptions: {} },
      ...one({ securityContext: { windowsOptions: { runAsUserName: 'a' } } }),
    },
    'spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
    'spec.containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
  ],
  'options of Linux on Windows': [
    {
      os: { name: 'windows' },
      hostPID: true,
      hostIPC: false,
      securityContext: { runAsUser: 1, supplementalGroups: [], seLinuxOptions: {} },
      ...one({ securityContext: { privileged: false, capabilities: {}, runAsNonRoot: true } }),
    },
    `spec.securityContext.seLinuxOptions: ${AS_WINDOWS}`,
    `spec.securityContext.runAsUser: ${AS_WINDOWS}`,
    `spec.hostPID: ${AS_WINDOWS}`,
    `spec.containers[0].securityContext.capabilities: ${AS_WINDOWS}`,
    `spec.containers[0].securityContext.privileged: ${AS_WINDOWS}`,
  ],
  'a capability that gives privileges': [
    one({
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { add: ['SYS_ADMIN', 'CAP_SYS_ADMIN'] },
      },
    }),
    'spec.containers[0].securityContext: Invalid value: {"allowPrivilegeEscalation":false,"capabilities":{"add":["SYS_ADMIN","CAP_SYS_ADMIN"]}}: cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
  ],
  'names of hosts': [
    {
      hostAliases: [
        { ip: '10.0.0.01', hostnames: ['a.b'] },
        { ip: 'a', hostnames: ['A'] },
      ],
    },
    'spec.hostAliases[1].ip: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    "spec.hostAliases[1].hostnames[0]: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'name servers': [
    {
      dnsConfig: {
        nameservers: ['10.0.0.1', '10.0.0.2', '::1', 'a'],
        searches: ['a.', '.', '_tcp.a'],
        options: [{ name: 'ndots', value: '2' }, { value: '1' }],
      },
    },
    'spec.dnsConfig.nameservers: Invalid value: ["10.0.0.1","10.0.0.2","::1","a"]: must not have more than 3 nameservers',
    'spec.dnsConfig.nameservers[3]: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'spec.dnsConfig.options[1]: Required value: must not be empty',
  ],
  'gates twice, and on a node': [
    { nodeName: 'n', schedulingGates: [{ name: 'a.b/c' }, { name: 'a.b/c' }] },
    'spec.schedulingGates[1]: Duplicate value: "a.b/c"',
    'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
  ],
  'who gives way to whom': [
    { preemptionPolicy: 'Sometimes' },
    'spec.preemptionPolicy: Unsupported value: "Sometimes": supported values: "PreemptLowerPriority", "Never"',
  ],
  'less than no time to end, which is told of and not refused': [
    { terminationGracePeriodSeconds: -1 },
  ],
}

describe('what a pod asks of its node', () => {
  for (const [name, [spec, ...errors]] of Object.entries(cases))
    test(name, () => assert.deepEqual(podErrors(spec), errors))
})

test('a template on the host network leaves the ports of the host to its pods', () => {
  const set = (port: object) => {
    const spec = { hostNetwork: true, ...one({ ports: [port] }) }
    const labels = { a: 'b' }
    return errorsOf(daemonSetKind, {
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    })
  }
  assert.deepEqual(set({ containerPort: 9100 }), [])
  assert.deepEqual(set({ containerPort: 9100, hostPort: 91 }), [
    'spec.template.spec.containers[0].ports[0].hostPort: Invalid value: 91: must match `containerPort` when `hostNetwork` is true',
  ])
})
