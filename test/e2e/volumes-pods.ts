// The pods of volumes.e2e.ts. Each says what it sees: a line "title|value" for each thing.
import { busyboxImage } from './busybox-image.ts'

interface Part {
  name?: string
  [field: string]: unknown
}

export const script = (...lines: string[]) => ({ command: ['sh', '-c', lines.join('\n')] })

/** Says the output of a command on one line. */
const say = (title: string, command: string): string =>
  `echo "${title}|$( { ${command}; } 2>&1 | tr '\\n' ' ' | sed 's/ *$//')"`

const STAY = 'while sleep 0.2; do :; done'

/** A pod of one container; what is given for the container and the pod is laid over it. */
export function pod(name: string, container: Part = {}, spec: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { pod: name, stage: 'a' }, annotations: { path: '' } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: busyboxImage, ...script(STAY), ...container }],
      ...spec,
    },
  }
}

const mount = (name: string, mountPath: string, more: object = {}) => ({ name, mountPath, ...more })
const field = (fieldPath: string) => ({ fieldRef: { fieldPath } })
const resource = (what: string, divisor: string, container?: string) => ({
  resourceFieldRef: {
    resource: what,
    divisor,
    ...(container === undefined ? {} : { containerName: container }),
  },
})

const files = pod(
  'files',
  {
    ...script(
      say('disk', "stat -c '%a %u:%g' /disk"),
      say(
        'memory',
        "stat -c %a /memory; stat -f -c %T /memory; df -k /memory | awk 'END{print $2}'",
      ),
      say('memory full', 'dd if=/dev/zero of=/memory/x bs=1024 count=2048; rm /memory/x'),
      say('chosen key', 'cat /chosen/sub/color; stat -L -c %a /chosen/sub/color; ls /chosen'),
      say('all keys', 'ls /config'),
      say('binary key', 'xxd -p /config/bytes'),
      say('write', 'touch /config/x'),
      say('secret', 'cat /secret/word; stat -L -c %a /secret/word'),
      say('projected', 'cat /all/ns /all/c/color /all/word; stat -L -c %a /all/word /all/ns'),
      say('token', 'cat /all/token'),
      say('resources', 'cat /info/cpu /info/memory /info/request'),
      say('annotation', 'cat /info/annotation'),
      say('part', 'echo x > /part/f; cat /disk/a/b/f; stat -c %a /disk/a/b'),
      say('named part', 'touch /named/f; ls /disk/of-files'),
      say('part of a ConfigMap', 'cat /single'),
      say('host', 'echo y > /host/f; cat /host/f; stat -c %a /host'),
      say('host file', 'cat /hostfile; stat -c %a /hostfile'),
      say('proc', 'test -d /kproc/1 && echo there; echo x > /kproc/sys/kernel/hostname'),
      say('sys', 'ls -A /ksys/fs/cgroup; ls -d /ksys/class; mkdir /ksys/x'),
      say('read-only', 'touch /ro/x'),
      'while sleep 0.3; do',
      say('now', 'cat /config/color /all/c/color /later/* /laters/* /info/stage'),
      'done',
    ),
    resources: {
      limits: { cpu: '250m', memory: '64Mi' },
      requests: { cpu: '100m', memory: '32Mi' },
    },
    env: [{ name: 'POD', valueFrom: field('metadata.name') }],
    volumeMounts: [
      mount('disk', '/disk'),
      mount('memory', '/memory'),
      mount('chosen', '/chosen'),
      mount('config', '/config'),
      mount('secret', '/secret'),
      mount('all', '/all'),
      mount('info', '/info'),
      mount('later', '/later'),
      mount('laters', '/laters'),
      mount('disk', '/part', { subPath: 'a/b' }),
      mount('disk', '/named', { subPathExpr: 'of-$(POD)' }),
      mount('disk', '/ro', { readOnly: true, recursiveReadOnly: 'IfPossible' }),
      mount('config', '/single', { subPath: 'color' }),
      mount('host', '/host'),
      mount('hostfile', '/hostfile'),
      mount('proc', '/kproc'),
      mount('sys', '/ksys'),
    ],
  },
  {
    volumes: [
      { name: 'disk', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      {
        name: 'chosen',
        configMap: { name: 'settings', items: [{ key: 'color', path: 'sub/color', mode: 0o400 }] },
      },
      { name: 'config', configMap: { name: 'settings' } },
      { name: 'secret', secret: { secretName: 'key', defaultMode: 0o400 } },
      { name: 'later', configMap: { name: 'later', optional: true } },
      { name: 'laters', secret: { secretName: 'later', optional: true } },
      {
        name: 'all',
        projected: {
          defaultMode: 0o440,
          sources: [
            { configMap: { name: 'settings', items: [{ key: 'color', path: 'c/color' }] } },
            { secret: { name: 'key', items: [{ key: 'word', path: 'word', mode: 0o444 }] } },
            { downwardAPI: { items: [{ path: 'ns', ...field('metadata.namespace') }] } },
            { serviceAccountToken: { path: 'token', audience: 'vault', expirationSeconds: 1200 } },
          ],
        },
      },
      {
        name: 'info',
        downwardAPI: {
          items: [
            { path: 'stage', ...field("metadata.labels['stage']") },
            { path: 'annotation', ...field("metadata.annotations['none']") },
            { path: 'cpu', ...resource('limits.cpu', '1m', 'main') },
            { path: 'memory', ...resource('limits.memory', '1Mi', 'main') },
            { path: 'request', ...resource('requests.cpu', '1', 'main') },
          ],
        },
      },
      { name: 'host', hostPath: { path: '/srv/data', type: 'DirectoryOrCreate' } },
      { name: 'hostfile', hostPath: { path: '/srv/file', type: 'FileOrCreate' } },
      { name: 'proc', hostPath: { path: '/proc', type: 'Directory' } },
      { name: 'sys', hostPath: { path: '/sys' } },
    ],
  },
)

const shared = (name: string, container: Part, mountPropagation: string, nodeName: string) =>
  pod(
    name,
    { volumeMounts: [mount('v', '/v', { mountPropagation })], ...container },
    { nodeName, volumes: [{ name: 'v', hostPath: { path: '/srv/shared' } }] },
  )

/** One mounts, the other on the same machine sees it; a third without propagation does not. */
const propagating = [
  shared(
    'mounter',
    {
      ...script(
        'mkdir -p /v/m; mount -t tmpfs tmpfs /v/m; touch /v/m/file',
        say('mounted', 'ls /v/m'),
        STAY,
      ),
      securityContext: { privileged: true },
    },
    'Bidirectional',
    'local-1',
  ),
  ...['HostToContainer', 'None'].map((how) =>
    shared(
      `sees-${how.toLowerCase()}`,
      script('while sleep 0.3; do', say('seen', 'ls /v/m'), 'done'),
      how,
      'local-1',
    ),
  ),
]

const user = pod(
  'user',
  {
    ...script(
      say('id', 'id -u; id -g; id -G | tr " " "\\n" | sort -n'),
      say('secret', "stat -L -c '%a %u:%g' /secret/word; cat /secret/word"),
      say(
        'token',
        "stat -L -c '%a %u:%g' /var/run/secrets/kubernetes.io/serviceaccount/token; test -r /var/run/secrets/kubernetes.io/serviceaccount/token && echo readable",
      ),
      say('disk', "stat -c '%a %u:%g' /disk; touch /disk/f; stat -c '%u:%g' /disk/f"),
      say('memory', "stat -c '%a %u:%g' /memory; touch /memory/f; stat -c '%u:%g' /memory/f"),
      say('part', 'touch /part/f && echo done'),
      say('message', 'echo bye > /dev/termination-log && echo done'),
      STAY,
    ),
    volumeMounts: [
      mount('disk', '/disk'),
      mount('memory', '/memory'),
      mount('secret', '/secret'),
      mount('disk', '/part', { subPath: 'new/part' }),
    ],
  },
  {
    securityContext: {
      runAsUser: 1000,
      runAsGroup: 3000,
      runAsNonRoot: true,
      fsGroup: 2000,
      fsGroupChangePolicy: 'OnRootMismatch',
      supplementalGroups: [4000],
    },
    volumes: [
      { name: 'disk', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory' } },
      { name: 'secret', secret: { secretName: 'key', defaultMode: 0o400 } },
    ],
  },
)

const status = (name: string) => say(name, `grep ^${name}: /proc/self/status | cut -f2`)
const confined = pod('confined', {
  ...script(
    status('CapEff'),
    status('NoNewPrivs'),
    status('Seccomp'),
    say('root', 'touch /x'),
    say('group', 'id -u; id -g'),
    say('masked', 'cat /proc/interrupts | wc -c'),
    STAY,
  ),
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsGroup: 77,
    capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
})

const privileged = pod('privileged', {
  ...script(status('CapEff'), status('Seccomp'), say('devices', 'ls /dev | wc -l'), STAY),
  securityContext: { privileged: true },
})

const networkScript = script(
  say('hostname', 'hostname'),
  say('hosts', 'cat /etc/hosts'),
  say('resolv', 'cat /etc/resolv.conf'),
  say(
    'sysctls',
    'cat /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ip_unprivileged_port_start',
  ),
  'until ps | grep -q "[s]leep 7777"; do sleep 0.1; done',
  say('processes', 'echo seen'),
  STAY,
)
const network = pod(
  'network',
  {},
  {
    hostname: 'h',
    subdomain: 'sub',
    setHostnameAsFQDN: true,
    shareProcessNamespace: true,
    hostAliases: [{ ip: '192.0.2.1', hostnames: ['one.example', 'uno'] }],
    dnsPolicy: 'None',
    dnsConfig: {
      nameservers: ['192.0.2.53'],
      searches: ['x.example'],
      options: [{ name: 'rotate' }],
    },
    securityContext: {
      sysctls: [
        { name: 'kernel.shm_rmid_forced', value: '1' },
        { name: 'net.ipv4.ip_unprivileged_port_start', value: '1' },
      ],
    },
    containers: [
      { name: 'main', image: busyboxImage, ...networkScript },
      { name: 'other', image: busyboxImage, command: ['sleep', '7777'] },
    ],
  },
)

const machine = pod(
  'machine',
  { ...script(say('hosts', 'cat /etc/hosts'), say('address', 'ip -o -4 addr show'), STAY) },
  { hostNetwork: true, hostPID: true, hostIPC: true },
)

const environment = pod(
  'environment',
  {
    ...script(
      'tr "\\0" "\\n" < /proc/1/environ | sed "s/^/env|/"',
      say('argument', 'echo $0'),
      STAY,
    ),
    args: ['$(A)-$$(A)-$(NO)'],
    env: [
      { name: 'A', value: 'a' },
      { name: 'EXPANDED', value: '$(A)$$(A)$(NO)$(ALL_color)$(B)' },
      { name: 'B', value: 'too late' },
      { name: 'A', value: 'a2' },
      { name: 'odd-name.1', value: 'taken' },
      { name: 'NODE', valueFrom: field('spec.nodeName') },
      { name: 'ACCOUNT', valueFrom: field('spec.serviceAccountName') },
      { name: 'IPS', valueFrom: field('status.podIPs') },
      { name: 'HOST_IP', valueFrom: field('status.hostIP') },
      { name: 'STAGE', valueFrom: field("metadata.labels['stage']") },
      { name: 'UNLIMITED', valueFrom: resource('limits.cpu', '1') },
      { name: 'WORD', valueFrom: { secretKeyRef: { name: 'key', key: 'word' } } },
      {
        name: 'NOT',
        valueFrom: { configMapKeyRef: { name: 'settings', key: 'no', optional: true } },
      },
      { name: 'FILE', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'd/env', key: 'FROM' } } },
      { name: 'color', value: 'mine' },
    ],
    envFrom: [
      { configMapRef: { name: 'settings' } },
      { prefix: 'ALL_', configMapRef: { name: 'settings' } },
      { secretRef: { name: 'absent', optional: true } },
      { secretRef: { name: 'odd' } },
    ],
  },
  {
    volumes: [{ name: 'v', emptyDir: {} }],
    initContainers: [
      {
        name: 'init',
        image: busyboxImage,
        ...script(`mkdir /v/d; echo "FROM='a file'" > /v/d/env`),
        volumeMounts: [mount('v', '/v')],
      },
    ],
  },
)

const volume = (name: string, source: object, more: Part = {}) =>
  pod(name, { volumeMounts: [mount('v', '/v')], ...more }, { volumes: [{ name: 'v', ...source }] })
const hostPath = (name: string, path: string, type: string) =>
  volume(name, { hostPath: { path, type } })

const failing = [
  hostPath('no-directory', '/none', 'Directory'),
  hostPath('no-socket', '/srv/none', 'Socket'),
  hostPath('no-device', '/dev/null', 'CharDevice'),
  volume('no-huge', { emptyDir: { medium: 'HugePages-2Mi' } }),
  pod(
    'no-bundle',
    { volumeMounts: [mount('v', '/v')] },
    {
      volumes: [
        { name: 'v', projected: { sources: [{ clusterTrustBundle: { name: 'x', path: 'x' } }] } },
      ],
    },
  ),
  volume('no-item', { configMap: { name: 'settings', items: [{ key: 'no', path: 'no' }] } }),
  volume(
    'no-recursion',
    { emptyDir: {} },
    {
      volumeMounts: [mount('v', '/v', { readOnly: true, recursiveReadOnly: 'Enabled' })],
    },
  ),
  pod(
    'escape',
    { volumeMounts: [mount('v', '/v', { subPath: 'out/etc' })] },
    {
      volumes: [{ name: 'v', emptyDir: {} }],
      initContainers: [
        {
          name: 'init',
          image: busyboxImage,
          ...script('ln -s / /v/out'),
          volumeMounts: [mount('v', '/v')],
        },
      ],
    },
  ),
  pod('never', { image: 'registry.ccs.internal/default/none:1', imagePullPolicy: 'Never' }),
  pod('not-root', { securityContext: { runAsNonRoot: true } }),
  pod('no-key', {
    env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'key', key: 'no' } } }],
  }),
  pod('no-sysctl', {}, { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
  pod('no-pull-secret', {}, { imagePullSecrets: [{ name: 'absent' }] }),
  pod('long-name', {}, { subdomain: 's'.repeat(63), setHostnameAsFQDN: true }),
]

/** Writes so much to a file and stays. */
const writes = (file: string, mebibytes: number) =>
  script(`dd if=/dev/zero of=${file} bs=1M count=${mebibytes}`, STAY)
const greedy = [
  volume('greedy-volume', { emptyDir: { sizeLimit: '1Mi' } }, writes('/v/x', 4)),
  pod('greedy-layer', {
    ...writes('/x', 8),
    resources: { limits: { 'ephemeral-storage': '4Mi' } },
  }),
]

const healing = [
  volume('late-volume', { secret: { secretName: 'late' } }),
  pod('late-variable', {
    env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'late', key: 'x' } } }],
  }),
  volume(
    'late-path',
    { emptyDir: {} },
    {
      env: [{ name: 'P', valueFrom: field("metadata.annotations['path']") }],
      volumeMounts: [mount('v', '/v', { subPathExpr: '$(P)' })],
    },
  ),
]

const logging = [
  pod('chatty', script('seq 1 300000', 'i=300000; while sleep 0.05; do i=$((i+1)); echo $i; done')),
  pod(
    'again',
    {
      ...script(
        'echo x >> /v/starts; n=$(wc -l < /v/starts); echo "start $n"; echo "line $n"',
        'test $n = 1 && exit 3',
        STAY,
      ),
      volumeMounts: [mount('v', '/v')],
    },
    { volumes: [{ name: 'v', emptyDir: {} }] },
  ),
  pod('long-line', script("head -c 40000 /dev/zero | tr '\\0' x; echo; echo end", STAY)),
]

const config = (name: string, data: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...data,
})
const secret = (name: string, stringData: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
})

export const lateObjects = {
  optional: [config('later', { data: { a: 'came' } }), secret('later', { b: 'too' })],
  needed: [config('late', { data: { x: '1' } }), secret('late', { x: '1' })],
}

export const everything = [
  config('settings', { data: { color: 'blue' }, binaryData: { bytes: 'AP8Q' } }),
  secret('key', { word: 'hidden' }),
  secret('odd', { 'a.key-1': 'odd' }),
  files,
  user,
  confined,
  privileged,
  network,
  machine,
  environment,
  ...failing,
  ...greedy,
  ...propagating,
  ...healing,
  ...logging,
]
