// Good inputs of the decoders.
import { encodeDnsQuery } from './dns-query.ts'

export const YAML = [
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  b: "c"\n  d: |\n    e\n',
  'a: &x {b: 1}\nc: *x\nd: [1, 2.5, true, null, 2026-01-01, 0x1f]\n? e\n: f\n',
]

const PROTOBUF_MAGIC = Buffer.from('k8s\0')
const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
}
const typeMeta = (apiVersion: string, kind: string) =>
  field(1, Buffer.concat([field(1, apiVersion), field(2, kind)]))
const metadata = field(
  1,
  Buffer.concat([field(1, 'a'), field(11, Buffer.concat([field(1, 'k'), field(2, 'v')]))]),
)

export const PROTOBUF = [
  Buffer.concat([
    PROTOBUF_MAGIC,
    typeMeta('v1', 'ConfigMap'),
    field(2, Buffer.concat([metadata, field(2, Buffer.concat([field(1, 'x'), field(2, 'y')]))])),
  ]),
  Buffer.concat([
    PROTOBUF_MAGIC,
    typeMeta('v1', 'Pod'),
    field(
      2,
      Buffer.concat([
        metadata,
        field(2, field(2, Buffer.concat([field(1, 'c'), field(2, 'image')]))),
      ]),
    ),
  ]),
]

export const PATHS = [
  '/api/v1/namespaces/a/pods/b/log',
  '/apis/apps/v1/namespaces/a/deployments/b/scale',
  '/api/v1/namespaces/a/services/http:b:80/proxy/c/d',
  '/apis/apps',
]
export const QUERIES = [
  'dryRun=All&fieldManager=a&fieldValidation=Strict',
  'watch=1&resourceVersion=5&timeoutSeconds=10&allowWatchBookmarks=true',
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&limit=5&continue=x',
]
export const ACCEPTS = ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json;q=0.9,*/*']
export const LABEL_SELECTORS = ['a=b,c!=d,e in (f,g),h notin (i),j,!k', 'a.b/c==d']
export const FIELD_SELECTORS = ['metadata.name=a,spec.nodeName!=b', 'a=b\\,c\\=d']
export const CONTINUE_TOKENS = [
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 5, start: '/a/b\0', seen: 1 })).toString(
    'base64url',
  ),
]
export const QUANTITIES = ['100m', '1.5Gi', '2e3', '-5', '12E']
export const TOKENS = [
  `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from('{"iss":"https://a"}').toString('base64url')}.c2ln`,
]

export const PEMS = [
  'TUlIaU1JR0tBZ0VBTUNneEZ6QVY=',
  Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----
MIHiMIGKAgEAMCgxFzAVBgNVBAoMDnN5c3RlbTptYXN0ZXJzMQ0wCwYDVQQDDARq
YW5lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEovuaccMEfXWaxffKHCSpf8Iy
MgGPfvdfO0bptgqYOM6U45pU0QlL4zLQeH1vII1WNR1KwBvDjQnsqdQ0PtOlQ6AA
MAoGCCqGSM49BAMCA0cAMEQCIBe249n3I4uaH1s50RTaxRDAXlUyJ3LMw91TIi6i
0T64AiBYS2taK5nsl1pszcA+hMhRejImzV/ZdsrUwpSyOubJZg==
-----END CERTIFICATE REQUEST-----
`).toString('base64'),
]

export const AUTHENTICATION = [
  `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer: {url: https://a.b, audiences: [c]}
  claimMappings:
    username: {claim: sub, prefix: ''}
    extra: [{key: a.b/c, valueExpression: claims.d}]
  claimValidationRules: [{expression: claims.e == 'f'}]
`,
]
export const AUDIT_POLICIES = [
  `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, users: [a], verbs: [get], resources: [{group: '', resources: [pods]}]}
- {level: None, nonResourceURLs: ['/healthz*']}
`,
]

export const DOCUMENT = {
  a: [1, 'x', { b: null }],
  c: { 'd/e': true },
  n: 1.5,
  s: 'text',
  big: 2 ** 40,
}
export const DEPLOYMENT = {
  metadata: { name: 'a', labels: { b: 'c' }, finalizers: ['x/y'] },
  spec: {
    replicas: 1,
    template: {
      spec: {
        containers: [
          {
            name: 'm',
            image: 'i',
            ports: [{ containerPort: 80 }],
            env: [{ name: 'A', value: 'b' }],
          },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    },
  },
}
export const STRATEGIC = [
  {
    metadata: {
      '$deleteFromPrimitiveList/finalizers': ['x/y'],
      labels: { b: null, $patch: 'merge' },
    },
    spec: {
      strategy: { $retainKeys: ['type'], type: 'Recreate' },
      template: {
        spec: {
          '$setElementOrder/containers': [{ name: 'n' }, { name: 'm' }],
          containers: [{ name: 'm', env: [{ name: 'A', $patch: 'delete' }] }, { name: 'n' }],
          volumes: [{ $patch: 'replace' }],
        },
      },
    },
  },
]

export const CEL = [
  "self.a.exists(x, x == 1) && has(self.c) ? self.s.matches('^t.*') : [1, 2].map(y, y * 2).size() > 1",
  "self.s.split('').filter(x, x > 'a').join(',') + string(self.n) + b'x' == r'\\d'",
  "duration('1h') + timestamp('2026-01-01T00:00:00Z') > timestamp(0) || optional.of(1).orValue(2) == 3u",
  "quantity('1Gi').isGreaterThan(quantity('1')) && ip('1.2.3.4').family() == 4 && cidr('10.0.0.0/8').containsIP('10.1.2.3')",
  "self.a[0] / 0 == 1 || self['c']['d/e'] in {true: 1}.map(k, k) || dyn(self).all(k, k != '')",
]

export const CHAINS = [
  'table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority filter; policy drop;\n\t\tip saddr 1.2.3.4 accept # handle 4\n\t}\n}\n',
]
export const MOUNTS = [
  '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n',
]
export const DNS = [encodeDnsQuery('a.b.svc.cluster.local', 'A'), encodeDnsQuery('x.y', 'SRV')]
export const SPDY = [
  Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
  Buffer.from([0, 0, 0, 1, 1, 0, 0, 3, 97, 98, 99, 0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]),
]

const DIGEST = `sha256:${'a'.repeat(64)}`
export const ROUTES = [
  '/v2/a/b/blobs/uploads/xyz',
  `/v2/a/b/blobs/${DIGEST}`,
  `/v2/a/b/manifests/${DIGEST}`,
  '/v2/a/manifests/latest',
  '/v2/a/tags/list',
  '/ccs/v1/repositories',
]
const descriptor = (mediaType: string) => ({ mediaType, digest: DIGEST, size: 5 })
export const MANIFESTS = [
  {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json'),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar+gzip')],
    annotations: { a: 'b' },
    subject: descriptor('application/vnd.oci.image.manifest.v1+json'),
  },
  {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...descriptor('application/vnd.oci.image.manifest.v1+json'),
        platform: { os: 'linux', architecture: 'amd64' },
      },
    ],
  },
]
