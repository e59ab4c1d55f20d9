// Everything that reads what others wrote, with good inputs to begin from, and the errors that it may throw. All else,
// such as a TypeError, is a bug.
import { readAuthentication } from '#apiserver/authentication/jwt/read-configuration.ts'
import { unverifiedClaims } from '#apiserver/authentication/jwt/map-claims.ts'
import { readResourceList } from '#apiserver/aggregation/read-resource-list.ts'
import { AuditPolicyError, readPolicy } from '#apiserver/audit/read-policy.ts'
import { readManagers } from '#apiserver/apply/managers.ts'
import { parseBody } from '#apiserver/body.ts'
import { builtinResources } from '#apiserver/builtin-resources.ts'
import { compile, evaluate } from '#apiserver/cel/cel.ts'
import { parseCidr as parseCelCidr, parseIp } from '#apiserver/cel/functions/ip.ts'
import { parseDuration, parseTimestamp } from '#apiserver/cel/functions/times.ts'
import { parseUrl } from '#apiserver/cel/functions/url.ts'
import { fromJson } from '#apiserver/cel/json-value.ts'
import { schemaLibrary } from '#apiserver/cel/kubernetes-library.ts'
import { DYN } from '#apiserver/cel/types.ts'
import { checkDefinition } from '#apiserver/crd/check-definition.ts'
import { compileJsonPath } from '#apiserver/crd/json-path.ts'
import { readForm } from '#apiserver/http/negotiate.ts'
import { applyJsonPatch, isJsonPatch } from '#apiserver/patch/json-patch.ts'
import { applyMergePatch } from '#apiserver/patch/merge-patch.ts'
import { PatchError } from '#apiserver/patch/patch-error.ts'
import { applyStrategicPatch } from '#apiserver/patch/strategic.ts'
import { decodeProtobuf } from '#apiserver/protobuf/decode-protobuf.ts'
import { readSubject } from '#apiserver/proxy/proxied-path.ts'
import { readWriteOptions } from '#apiserver/request-options.ts'
import { readRequest } from '#apiserver/request-info.ts'
import { builtinSchemas } from '#apiserver/schema/builtin-schemas.ts'
import { DecodeError } from '#apiserver/schema/decode.ts'
import { readContinueToken } from '#apiserver/verbs/continue-token.ts'
import { readWatchOptions } from '#apiserver/watch/watch-options.ts'
import { StatusError } from '#base/errors.ts'
import { seededRandom } from '#base/random.ts'
import { readEvent } from '#cli/audit/audit-filter.ts'
import { parseImageName } from '#kinds/ccs/image-name.ts'
import { parseFieldSelector } from '#kinds/field-selector.ts'
import { parseLabelSelector } from '#kinds/label-selector-parser.ts'
import { parseQuantity } from '#kinds/quantity.ts'
import { builtinKinds } from '#kinds/registry.ts'
import { problemOfCertificates, problemOfRequest } from '#kinds/validate/certificate-pem.ts'
import { parseCidr } from '#linux/cidr.ts'
import { parseChains } from '#linux/host-filter.ts'
import { parseMountInfo } from '#linux/mounts.ts'
import { decodeQuery } from '#network/dns/message.ts'
import { MessageReader } from '#network/dns/framing.ts'
import { parseEnvFile } from '#node/container/env-file.ts'
import { parseLogLine } from '#node/logs/cri-log.ts'
import { parseContentRange, parseRange } from '#registry/byte-range.ts'
import { parseBasicAuthorization } from '#registry/credentials.ts'
import { parseManifest } from '#registry/manifest-document.ts'
import { RegistryError } from '#registry/registry-error.ts'
import { parseRoute } from '#registry/routes.ts'
import { FrameReader } from '#streams/spdy/frame-reader.ts'
import { SpdyError } from '#streams/spdy/spdy-error.ts'
import { mutateBytes, mutateJson, mutateText } from './mutate.ts'
import { recordedObjects } from './recorded-objects.ts'
import * as seeds from './seeds.ts'
import type { Random } from '#base/random.ts'

export interface Decoder<T = unknown> {
  name: string
  seeds: readonly T[]
  mutate: (seed: T, random: Random) => T
  decode: (input: T) => unknown
  /** Classes of the errors that say that an input is wrong. */
  refuses: readonly (new (...args: never[]) => Error)[]
}

type Refusals = Decoder['refuses']

const text = (
  name: string,
  from: readonly string[],
  decode: (input: string) => unknown,
  refuses: Refusals = [],
): Decoder => ({ name, seeds: from, mutate: mutateText, decode, refuses }) as Decoder

const bytes = (
  name: string,
  from: readonly Buffer[],
  decode: (input: Buffer) => unknown,
  refuses: Refusals = [],
): Decoder => ({ name, seeds: from, mutate: mutateBytes, decode, refuses }) as Decoder

const json = (
  name: string,
  from: readonly unknown[],
  decode: (input: never) => unknown,
  refuses: Refusals = [],
): Decoder => ({ name, seeds: from, mutate: mutateJson, decode, refuses }) as Decoder

const query = (decode: (query: URLSearchParams) => unknown) => (input: string) =>
  decode(new URLSearchParams(input))

const objects = recordedObjects()
const allObjects = [...objects.values()].flat()

const ofApi: Decoder[] = [
  ...(['application/json', 'application/yaml'] as const).map((mediaType) =>
    text(
      `body ${mediaType}`,
      mediaType === 'application/json'
        ? allObjects.slice(0, 40).map((one) => JSON.stringify(one))
        : seeds.YAML,
      (input) => parseBody({ type: 'text', text: input, mediaType }, 'Thing'),
      [StatusError],
    ),
  ),
  bytes('body protobuf', seeds.PROTOBUF, decodeProtobuf, [StatusError]),
  text('path', seeds.PATHS, (path) =>
    readRequest({ method: 'GET', path, query: new URLSearchParams() }),
  ),
  text(
    'write options',
    seeds.QUERIES,
    query((one) => readWriteOptions(one, 'CreateOptions')),
    [StatusError],
  ),
  text(
    'watch options',
    seeds.QUERIES,
    query((one) => readWatchOptions(one, 100, seededRandom(1))),
    [StatusError],
  ),
  text('accept', seeds.ACCEPTS, readForm, [StatusError]),
  text('label selector', seeds.LABEL_SELECTORS, parseLabelSelector, [StatusError, SyntaxError]),
  text('field selector', seeds.FIELD_SELECTORS, parseFieldSelector, [StatusError]),
  text('continue token', seeds.CONTINUE_TOKENS, readContinueToken, [StatusError]),
  text('proxied subject', ['http:a:80', 'a:web', 'a'], readSubject),
  text('quantity', seeds.QUANTITIES, parseQuantity, [Error]),
  text('certificate request', seeds.PEMS, problemOfRequest),
  text('certificates', seeds.PEMS, problemOfCertificates),
  text('token', seeds.TOKENS, unverifiedClaims),
  text('authentication configuration', seeds.AUTHENTICATION, readAuthentication, [TypeError]),
  text('audit policy', seeds.AUDIT_POLICIES, readPolicy, [AuditPolicyError]),
  text('audit event', ['{"kind":"Event","verb":"get","user":{"username":"a"}}'], readEvent),
  text(
    'resource list',
    [JSON.stringify({ resources: [{ name: 'a/b' }, { name: 'a' }] })],
    readResourceList,
  ),
  json(
    'managed fields',
    [
      [
        {
          manager: 'a',
          operation: 'Apply',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:a': { 'k:{"b":1}': { '.': {} } } },
        },
      ],
    ],
    (input: unknown) => readManagers(Array.isArray(input) ? (input as never) : []),
    [TypeError],
  ),
]

const ofPatches: Decoder[] = [
  json(
    'JSON patch',
    [
      [
        { op: 'add', path: '/a/0', value: 1 },
        { op: 'move', from: '/a', path: '/b' },
        { op: 'test', path: '/c~1d', value: {} },
      ],
    ],
    (input: unknown) =>
      isJsonPatch(input) && applyJsonPatch(structuredClone(seeds.DOCUMENT), input),
    [PatchError],
  ),
  json('merge patch', [{ a: [1], b: null, c: { d: 'x' } }], (input: unknown) =>
    applyMergePatch(structuredClone(seeds.DOCUMENT), input),
  ),
  json(
    'strategic merge patch',
    seeds.STRATEGIC,
    (input: unknown) =>
      typeof input === 'object' &&
      input !== null &&
      !Array.isArray(input) &&
      applyStrategicPatch(
        builtinSchemas,
        'io.k8s.api.apps.v1.Deployment',
        structuredClone(seeds.DEPLOYMENT),
        input as Record<string, unknown>,
      ),
    [PatchError, StatusError],
  ),
]

const ofLanguages: Decoder[] = [
  text('CEL', seeds.CEL, (input) => {
    const environment = { variables: { self: DYN }, library: schemaLibrary }
    const compiled = compile(input, environment)
    return (
      compiled.ok && evaluate(compiled.program, { self: fromJson(seeds.DOCUMENT, DYN) }, 100_000)
    )
  }),
  json('CEL on odd values', [seeds.DOCUMENT], (input: unknown) =>
    seeds.CEL.map((one) => {
      const compiled = compile(one, { variables: { self: DYN }, library: schemaLibrary })
      return compiled.ok && evaluate(compiled.program, { self: fromJson(input, DYN) }, 100_000)
    }),
  ),
  text('CEL duration', ['1h2m3s', '1.5h', '-10ms'], parseDuration),
  text('CEL time', ['2026-01-01T00:00:00.123Z', '2026-01-01T00:00:00+01:00'], parseTimestamp),
  text('CEL URL', ['https://user@a.b:80/c?d=e#f'], parseUrl),
  text('CEL address', ['1.2.3.4', '::ffff:1.2.3.4', 'fe80::1'], parseIp),
  text('CEL network', ['10.0.0.0/8', 'fd00::/64'], parseCelCidr),
  text('JSON path', ['.spec.a', ".metadata.labels['a.b']", '.a[*].b', '.a[0:2]'], compileJsonPath),
]

const ofNodes: Decoder[] = [
  text('network', ['10.0.0.0/8', '192.168.1.0/24'], parseCidr, [Error]),
  text('chains of nft', seeds.CHAINS, parseChains),
  text('mounts', seeds.MOUNTS, parseMountInfo, [Error]),
  text('file of variables', ['A=b\nC="d e"\n# x\nexport E=f'], parseEnvFile, [Error]),
  bytes('line of a log', [Buffer.from('2026-01-01T00:00:00.1Z stdout F hello')], parseLogLine),
  bytes('DNS question', seeds.DNS, decodeQuery),
  bytes('DNS over TCP', [Buffer.from([0, 3, 1, 2, 3, 0, 1, 9])], (input) =>
    new MessageReader().push(input),
  ),
  bytes('SPDY frames', seeds.SPDY, (input) => [...new FrameReader().read(input)], [SpdyError]),
]

const ofImages: Decoder[] = [
  text('image name', ['a/b:c', 'registry:5000/a/b@sha256:0', 'busybox'], parseImageName),
  text('route of the registry', seeds.ROUTES, parseRoute, [RegistryError]),
  text('range', ['bytes=0-5', 'bytes=-5', 'bytes=5-'], (input) => parseRange(input, 100), [
    RegistryError,
  ]),
  text('range of an upload', ['0-5', 'bytes 0-5/6'], parseContentRange, [RegistryError]),
  text('basic credentials', ['Basic YTpi'], parseBasicAuthorization),
  json(
    'manifest',
    seeds.MANIFESTS,
    (input: unknown) =>
      parseManifest(
        Buffer.from(JSON.stringify(input) ?? ''),
        'application/vnd.oci.image.manifest.v1+json',
      ),
    [RegistryError],
  ),
  text(
    'text of a manifest',
    seeds.MANIFESTS.map((one) => JSON.stringify(one)),
    (input) => parseManifest(Buffer.from(input), 'application/vnd.oci.image.index.v1+json'),
    [RegistryError],
  ),
]

/** What the API takes of each kind: read by its schema, filled in, judged. */
const ofKinds: Decoder[] = builtinKinds
  .filter(({ isComputed }) => !isComputed)
  .flatMap((definition) => {
    const [resource] = builtinResources(definition)
    const found = objects.get(`${resource!.apiVersion} ${resource!.kind}`) ?? []
    const from = found.length > 0 ? found : [{ metadata: { name: 'a' }, spec: {} }]
    const decode = (input: unknown) => {
      if (typeof input !== 'object' || input === null || Array.isArray(input)) return
      const { value } = resource!.decode(input as Record<string, unknown>)
      // A name is asked for before a kind is.
      const metadata = { ...(value['metadata'] as object | undefined) } as { name?: string }
      metadata.name ??= 'a'
      const object = { ...value, metadata } as never
      definition.defaults(object)
      return definition.validate(object, undefined)
    }
    return json(`kind ${resource!.kind}`, from, decode, [DecodeError, StatusError])
  })

const ofDefinitions: Decoder[] = [
  json(
    'definition of a custom resource',
    objects.get('apiextensions.k8s.io/v1 CustomResourceDefinition') ?? [],
    (input: unknown) => {
      const resource = builtinKinds
        .filter(({ ref }) => ref.kind === 'CustomResourceDefinition')
        .flatMap(builtinResources)[0]!
      if (typeof input !== 'object' || input === null || Array.isArray(input)) return
      const { value } = resource.decode(input as Record<string, unknown>)
      const object = { ...value, metadata: {} } as never
      resource.definition.defaults(object)
      return resource.definition.validate(object, undefined).length > 0 || checkDefinition(object)
    },
    [DecodeError],
  ),
]

export const decoders: readonly Decoder[] = [
  ...ofApi,
  ...ofPatches,
  ...ofLanguages,
  ...ofNodes,
  ...ofImages,
  ...ofDefinitions,
  ...ofKinds,
]
