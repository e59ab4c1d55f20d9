import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container, PodSpec, SecurityContext, Volume } from '#kinds/k8s/core.ts'
import { detailsOf, violations } from './evaluate.ts'
import type { LevelVersion } from './policy.ts'

const container = (securityContext: SecurityContext = {}, more: Partial<Container> = {}) => ({
  name: 'main',
  image: 'busybox',
  securityContext,
  ...more,
})

const HARDENED: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
}

const pod = (spec: Partial<PodSpec>, annotations?: Record<string, string>) => ({
  metadata: { ...(annotations && { annotations }) },
  spec: { containers: [container(HARDENED)], ...spec },
})

const BASELINE: LevelVersion = { level: 'baseline', version: 'latest' }
const RESTRICTED: LevelVersion = { level: 'restricted', version: 'latest' }
const volume = (name: string, source: Partial<Volume>): Volume => ({ name, ...source })

const baseline: [criterion: string, spec: Partial<PodSpec>, text: string][] = [
  [
    'host namespaces',
    { hostNetwork: true, hostIPC: true },
    'host namespaces (hostNetwork=true, hostIPC=true)',
  ],
  [
    'host paths',
    {
      volumes: [volume('a', { hostPath: { path: '/' } }), volume('b', { hostPath: { path: '/' } })],
    },
    'hostPath volumes (volumes "a", "b")',
  ],
  [
    'host ports',
    {
      containers: [
        container(
          {},
          {
            ports: [
              { containerPort: 1, hostPort: 90 },
              { containerPort: 2, hostPort: 80 },
            ],
          },
        ),
      ],
    },
    'hostPort (container "main" uses hostPorts 80, 90)',
  ],
  [
    'probes of other hosts',
    {
      containers: [
        container({}, { livenessProbe: { httpGet: { host: 'db', port: 80 } } }),
        container(
          {},
          { name: 'b', lifecycle: { preStop: { tcpSocket: { host: 'db', port: 1 } } } },
        ),
      ],
    },
    'probe or lifecycle host (containers "b", "main" use probe or lifecycle host "db")',
  ],
  [
    'privileged containers, init containers too',
    {
      initContainers: [container({ privileged: true }, { name: 'first' })],
      containers: [container({ privileged: true })],
    },
    'privileged (containers "first", "main" must not set securityContext.privileged=true)',
  ],
  [
    'capabilities',
    { containers: [container({ capabilities: { add: ['NET_RAW', 'CHOWN', 'BPF'] } })] },
    'non-default capabilities (container "main" must not include "BPF", "NET_RAW" in securityContext.capabilities.add)',
  ],
  [
    'proc mounts',
    { containers: [container({ procMount: 'Unmasked' })] },
    'procMount (container "main" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    'SELinux options',
    {
      securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u' } },
      containers: [container({ seLinuxOptions: { role: 'r' } })],
    },
    'seLinuxOptions (pod and container "main" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
  ],
  [
    'seccomp profiles',
    { securityContext: { seccompProfile: { type: 'Unconfined' } } },
    'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    'AppArmor profiles',
    { containers: [container({ appArmorProfile: { type: 'Unconfined' } })] },
    'forbidden AppArmor profile (container "main" must not set AppArmor profile type to "Unconfined")',
  ],
  [
    'sysctls',
    {
      securityContext: {
        sysctls: [
          { name: 'kernel.msgmax', value: '1' },
          { name: 'net.ipv4.tcp_rmem', value: '1' },
        ],
      },
    },
    'forbidden sysctls (kernel.msgmax)',
  ],
  [
    'Windows host processes',
    { securityContext: { windowsOptions: { hostProcess: true } } },
    'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
  ],
]
for (const [criterion, spec, text] of baseline)
  test(`the baseline forbids ${criterion}`, () => {
    assert.equal(detailsOf(violations(pod(spec), BASELINE)), text)
    assert.deepEqual(violations(pod(spec), { level: 'privileged', version: 'latest' }), [])
  })

test('the baseline allows a plain pod, and capabilities that are there anyway', () => {
  assert.deepEqual(violations(pod({ containers: [container()] }), BASELINE), [])
  const chown = [container({ capabilities: { add: ['CHOWN'] } })]
  assert.deepEqual(violations(pod({ containers: chown }), BASELINE), [])
})

test('the baseline reads AppArmor annotations', () => {
  const key = 'container.apparmor.security.beta.kubernetes.io/main'
  assert.equal(
    detailsOf(violations(pod({}, { [key]: 'unconfined' }), BASELINE)),
    `forbidden AppArmor profile (annotation must not set AppArmor profile type to "${key}="unconfined"")`,
  )
  assert.deepEqual(violations(pod({}, { [key]: 'localhost/x' }), BASELINE), [])
})

const restricted: [criterion: string, spec: Partial<PodSpec>, text: string][] = [
  [
    'a plain pod',
    { containers: [container()] },
    'allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [
    'capabilities beyond one',
    {
      containers: [
        container({
          ...HARDENED,
          capabilities: { drop: ['ALL'], add: ['CHOWN', 'NET_BIND_SERVICE'] },
        }),
      ],
    },
    'unrestricted capabilities (container "main" must not include "CHOWN" in securityContext.capabilities.add)',
  ],
  [
    'volumes of nodes and of others',
    {
      volumes: [
        volume('a', { hostPath: { path: '/' } }),
        volume('b', { nfs: { path: '/', server: 's' } }),
      ],
    },
    'restricted volume types (volumes "a", "b" use restricted volume types "hostPath", "nfs")',
  ],
  [
    'root by wish',
    { securityContext: { runAsNonRoot: false, runAsUser: 0 } },
    'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod must not set runAsUser=0)',
  ],
  [
    'seccomp off',
    { containers: [container({ ...HARDENED, seccompProfile: { type: 'Unconfined' } })] },
    'seccompProfile (container "main" must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  ['what the baseline forbids', { hostPID: true }, 'host namespaces (hostPID=true)'],
]
for (const [criterion, spec, text] of restricted)
  test(`the restricted profile forbids ${criterion}`, () => {
    assert.equal(detailsOf(violations(pod(spec), RESTRICTED)), text)
  })

test('the restricted profile allows a hardened pod, with fields of the pod or of its containers', () => {
  assert.deepEqual(violations(pod({}), RESTRICTED), [])
  const { runAsNonRoot, seccompProfile, ...ofContainer } = HARDENED
  const spec = {
    securityContext: { runAsNonRoot, seccompProfile },
    containers: [container(ofContainer)],
    volumes: [volume('a', { image: { reference: 'x' } }), volume('b', { emptyDir: {} })],
  }
  assert.deepEqual(violations(pod(spec), RESTRICTED), [])
})

test('an older version of a profile has the checks of its time', () => {
  const at = (level: LevelVersion['level'], version: number, spec: Partial<PodSpec>) =>
    violations(pod(spec), { level, version }).map(({ reason }) => reason)
  const probed = {
    containers: [container({}, { livenessProbe: { tcpSocket: { host: 'h', port: 1 } } })],
  }
  assert.deepEqual(at('baseline', 33, probed), [])
  assert.deepEqual(at('baseline', 34, probed), ['probe or lifecycle host'])
  const sysctl = {
    securityContext: { sysctls: [{ name: 'net.ipv4.tcp_fin_timeout', value: '1' }] },
  }
  assert.deepEqual(at('baseline', 28, sysctl), ['forbidden sysctls'])
  assert.deepEqual(at('baseline', 29, sysctl), [])
  const plain = { containers: [container()] }
  assert.deepEqual(at('restricted', 7, plain), ['runAsNonRoot != true'])
  assert.deepEqual(at('restricted', 19, plain), [
    'allowPrivilegeEscalation != false',
    'runAsNonRoot != true',
    'seccompProfile',
  ])
})

test('a pod with users of its own may be root in them', () => {
  const spec = {
    hostUsers: false,
    containers: [
      container({ ...HARDENED, runAsNonRoot: false, runAsUser: 0, procMount: 'Unmasked' as const }),
    ],
  }
  assert.deepEqual(violations(pod(spec), BASELINE), [])
  assert.deepEqual(
    violations(pod(spec), RESTRICTED).map(({ reason }) => reason),
    ['procMount'],
  )
})

test('a Windows pod need not say what only Linux has', () => {
  const spec = { os: { name: 'windows' as const }, containers: [container({ runAsNonRoot: true })] }
  assert.deepEqual(violations(pod(spec), RESTRICTED), [])
})
