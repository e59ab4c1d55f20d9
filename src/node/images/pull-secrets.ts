// Credentials from a pod's imagePullSecrets: Docker's configuration in Secrets. Which entry is for
// which image is Kubernetes' rule: https://kubernetes.io/docs/concepts/containers/images/#config-json
import path from 'node:path'
import type { Pod, Secret } from '#kinds/k8s/core.ts'
import type { ObjectSource } from '../container/object-source.ts'
import type { Credentials } from '../runtime/runtime.ts'
import { wholeImageName } from './image-name.ts'

interface AuthEntry {
  username?: string
  password?: string
  /** base64 of "username:password"; goes before the other two. */
  auth?: string
}

const DOCKER_HUB = 'docker.io'
const DOCKER_HUB_KEY = 'index.docker.io'

/** Where the type of a Secret says that its entries are, and how they are wrapped. */
const FORMATS: Readonly<
  Record<string, { key: string; entries: (value: unknown) => Record<string, AuthEntry> }>
> = {
  'kubernetes.io/dockerconfigjson': {
    key: '.dockerconfigjson',
    entries: (value) => (value as { auths?: Record<string, AuthEntry> }).auths ?? {},
  },
  'kubernetes.io/dockercfg': {
    key: '.dockercfg',
    entries: (value) => value as Record<string, AuthEntry>,
  },
}

function credentialsOf({ username, password, auth }: AuthEntry): Credentials | undefined {
  const [name = '', ...rest] = Buffer.from(auth ?? '', 'base64')
    .toString()
    .split(':')
  if (rest.length > 0) return { username: name, password: rest.join(':') }
  return username === undefined || password === undefined ? undefined : { username, password }
}

function entriesOf(secret: Secret): [string, AuthEntry][] {
  const format = FORMATS[secret.type ?? '']
  const encoded = format && secret.data?.[format.key]
  if (format === undefined || !encoded) return []
  const text = Buffer.from(encoded, 'base64').toString()
  try {
    return Object.entries(format.entries(JSON.parse(text)))
  } catch (cause) {
    const what = `${format.key} of secret "${secret.metadata.name}"`
    throw new Error(`${what} is not JSON of Docker's configuration`, { cause })
  }
}

interface Location {
  host: string
  port: string
  path: string
}

function locationOf(url: string): Location {
  const [, authority = '', rest = ''] = /^([^/]*)(.*)$/.exec(url) ?? []
  const [, host = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? []
  return { host, port, path: rest }
}

/** An entry's name without what stands there out of habit: a scheme, a version of the protocol. */
function keyOf(entry: string): string {
  const [, authority = '', rest = ''] = /^(?:https?:\/\/)?([^/]*)(.*)$/.exec(entry) ?? []
  const place = rest.replace(/^\/v[12]\//, '/')
  return place === '/' ? authority : `${authority}${place}`
}

/** A star stands for any letters of one label of a host; a path is the beginning of the image's. */
function isFor(key: string, image: string): boolean {
  const glob = locationOf(key)
  const target = locationOf(image)
  if (glob.port !== target.port || !target.path.startsWith(glob.path)) return false
  const globs = glob.host.split('.')
  const labels = target.host.split('.')
  return (
    globs.length === labels.length &&
    globs.every((label, at) => path.posix.matchesGlob(labels[at] as string, label))
  )
}

/** What Secrets offer for an image, the most particular entries first. */
export function credentialsFor(secrets: readonly Secret[], image: string): Credentials[] {
  const byKey = new Map<string, Credentials[]>()
  for (const [entry, auth] of secrets.flatMap(entriesOf)) {
    const credentials = credentialsOf(auth)
    const key = keyOf(entry)
    if (credentials !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), credentials])
  }
  const name = wholeImageName(image)
  const keys = [...byKey.keys()].toSorted((a, b) => (a < b ? 1 : -1))
  const matching = keys.filter((key) => isFor(key, name))
  const isOnHub = name.startsWith(`${DOCKER_HUB}/`)
  const chosen = matching.length === 0 && isOnHub ? [DOCKER_HUB_KEY] : matching
  return chosen.flatMap((key) => byKey.get(key) ?? [])
}

export interface PullSecrets {
  secrets: Secret[]
  /** Names of those that do not exist. */
  missing: string[]
}

export async function podPullSecrets(pod: Pod, objects: ObjectSource): Promise<PullSecrets> {
  const namespace = pod.metadata.namespace ?? ''
  const names = (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []))
  const found = await Promise.all(names.map((name) => objects.secret({ namespace, name })))
  return {
    secrets: found.filter((secret) => secret !== undefined),
    missing: names.filter((_, at) => found[at] === undefined),
  }
}
