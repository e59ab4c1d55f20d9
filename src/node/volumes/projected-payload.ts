// Collects the files of ConfigMap, Secret, downward API and projected volumes.
import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  Pod,
  ProjectedVolumeSource,
  Secret,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from '#kinds/k8s/core.ts'
import type { Quantity } from '#kinds/object.ts'
import { ConfigError } from '../container/config-error.ts'
import { type PodAddresses, fieldValue, resourceValue } from '../container/field-value.ts'
import type { ObjectSource } from '../container/object-source.ts'
import {
  FILE_MODE_DEFAULT,
  type KeysOptions,
  type Payload,
  checkedPath,
  keysPayload,
} from './payload.ts'
import { type TokenSource, refreshAtMs } from './service-account-token.ts'

export interface PayloadContext extends PodAddresses {
  pod: Pod
  objects: ObjectSource
  tokens: TokenSource
  /** The token that is at this path of the volume now. */
  currentToken(file: string): Promise<string | undefined>
  allocatable: Readonly<Record<string, Quantity>>
  nowMs: number
}

export interface Projected {
  payload: Payload
  /** When a token in it wants to be replaced. */
  refreshAtMs: number | undefined
}

type Kind = 'configmap' | 'secret'

async function referenced(
  context: PayloadContext,
  kind: Kind,
  name: string,
): Promise<ConfigMap | Secret | undefined> {
  const place = { namespace: context.pod.metadata.namespace ?? '', name }
  const object =
    kind === 'configmap'
      ? await context.objects.configMap(place)
      : await context.objects.secret(place)
  const kindName = kind === 'configmap' ? 'ConfigMap' : 'Secret'
  // Answers of a list leave the kind out.
  return object && { ...object, kind: kindName }
}

async function keys(
  context: PayloadContext,
  reference: { kind: Kind; name: string },
  options: KeysOptions,
): Promise<Payload> {
  const object = await referenced(context, reference.kind, reference.name)
  if (object !== undefined) return keysPayload(object, options)
  if (options.optional) return new Map()
  throw new ConfigError(`${reference.kind} "${reference.name}" not found`)
}

function downward(
  context: PayloadContext,
  files: readonly DownwardAPIVolumeFile[],
  defaultMode: number,
): Payload {
  const { pod, allocatable } = context
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const textOf = ({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile): string => {
    if (fieldRef) return fieldValue(pod, fieldRef.fieldPath, context)
    if (resourceFieldRef) return resourceValue(resourceFieldRef, { containers, allocatable })
    return ''
  }
  return new Map(
    files.map((file) => [
      checkedPath(file.path),
      { content: Buffer.from(textOf(file)), mode: file.mode ?? defaultMode },
    ]),
  )
}

const TOKEN_MODE = 0o600

/** The user that all containers of a pod run as, where the pod says so. */
function userOfAll({ spec }: Pod): number | undefined {
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  const users = containers.map(
    ({ securityContext }) => securityContext?.runAsUser ?? spec.securityContext?.runAsUser,
  )
  return new Set(users).size === 1 ? users[0] : undefined
}

async function token(
  context: PayloadContext,
  projection: ServiceAccountTokenProjection,
  mode: number,
): Promise<Projected> {
  const file = checkedPath(projection.path)
  const current = await context.currentToken(file)
  const refresh = current === undefined ? undefined : refreshAtMs(current)
  const keep = current !== undefined && refresh !== undefined && refresh > context.nowMs
  const text = keep ? current : await context.tokens(context.pod, projection)
  const user = userOfAll(context.pod)
  // Nobody but the one user or the group of the pod, where there is such, reads a token.
  const isPrivate = user !== undefined || context.pod.spec.securityContext?.fsGroup !== undefined
  const content = Buffer.from(text)
  return {
    payload: new Map([[file, { content, mode: isPrivate ? TOKEN_MODE : mode, user }]]),
    refreshAtMs: refreshAtMs(text),
  }
}

async function projection(
  context: PayloadContext,
  source: VolumeProjection,
  defaultMode: number,
): Promise<Projected> {
  if (source.serviceAccountToken) return token(context, source.serviceAccountToken, defaultMode)
  if (source.downwardAPI) {
    const payload = downward(context, source.downwardAPI.items ?? [], defaultMode)
    return { payload, refreshAtMs: undefined }
  }
  const from = source.configMap ?? source.secret
  if (from === undefined) {
    const [kind = 'unknown'] = Object.keys(source)
    throw new ConfigError(`${kind} projections are not supported on this machine`)
  }
  const { name = '', items, optional = false } = from
  const kind = source.configMap ? 'configmap' : 'secret'
  const payload = await keys(context, { kind, name }, { items, defaultMode, optional })
  return { payload, refreshAtMs: undefined }
}

const earliest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)

async function projected(
  context: PayloadContext,
  { sources = [], defaultMode = FILE_MODE_DEFAULT }: ProjectedVolumeSource,
): Promise<Projected> {
  const payload: Payload = new Map()
  let refresh: number | undefined
  for (const source of sources) {
    const part = await projection(context, source, defaultMode)
    for (const [file, content] of part.payload) payload.set(file, content)
    refresh = earliest(refresh, part.refreshAtMs)
  }
  return { payload, refreshAtMs: refresh }
}

/** The files of a volume that is made of API objects; undefined for volumes of another kind. */
export async function projectedPayload(
  context: PayloadContext,
  volume: Volume,
): Promise<Projected | undefined> {
  if (volume.projected) return projected(context, volume.projected)
  const plain = async (payload: Payload | Promise<Payload>): Promise<Projected> => ({
    payload: await payload,
    refreshAtMs: undefined,
  })
  if (volume.downwardAPI) {
    const { items = [], defaultMode = FILE_MODE_DEFAULT } = volume.downwardAPI
    return plain(downward(context, items, defaultMode))
  }
  if (volume.configMap) {
    const { name = '', items, defaultMode = FILE_MODE_DEFAULT, optional = false } = volume.configMap
    return plain(keys(context, { kind: 'configmap', name }, { items, defaultMode, optional }))
  }
  if (volume.secret) {
    const {
      secretName = '',
      items,
      defaultMode = FILE_MODE_DEFAULT,
      optional = false,
    } = volume.secret
    const reference = { kind: 'secret', name: secretName } as const
    return plain(keys(context, reference, { items, defaultMode, optional }))
  }
  return undefined
}

/** Names of ConfigMaps and Secrets whose change changes a volume of this pod. */
export function volumeReferences(pod: Pod): { configMaps: Set<string>; secrets: Set<string> } {
  const configMaps = new Set<string>()
  const secrets = new Set<string>()
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.configMap?.name) configMaps.add(volume.configMap.name)
    if (volume.secret?.secretName) secrets.add(volume.secret.secretName)
    for (const source of volume.projected?.sources ?? []) {
      if (source.configMap?.name) configMaps.add(source.configMap.name)
      if (source.secret?.name) secrets.add(source.secret.name)
    }
  }
  return { configMaps, secrets }
}

/** Whether a volume of the pod shows something that differs between these two of its versions. */
export function showsChange(previous: Pod, pod: Pod): boolean {
  const shows = ({ spec }: Pod) =>
    (spec.volumes ?? []).some(
      ({ downwardAPI, projected: { sources = [] } = {} }) =>
        downwardAPI !== undefined || sources.some((source) => source.downwardAPI !== undefined),
    )
  return shows(pod) && shownText(previous) !== shownText(pod)
}

/** All that the downward API can show in a file and that can change while a pod lives. */
function shownText({ metadata: { labels, annotations }, spec }: Pod): string {
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  return JSON.stringify([labels, annotations, containers.map(({ resources }) => resources)])
}
