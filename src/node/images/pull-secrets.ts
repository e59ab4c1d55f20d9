// Credentials from a pod's imagePullSecrets: Docker's configuration in a Secret.
import type { Pod, Secret } from '#kinds/k8s/core.ts'
import type { ObjectSource } from '../container/object-source.ts'
import type { Credentials } from '../runtime/runtime.ts'

interface AuthEntry {
  username?: string
  password?: string
  /** base64 of "username:password". */
  auth?: string
}

const DOCKER_HUB = 'docker.io'

/** The registry of an image's name: its first part where that looks like a host. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/')
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  return isHost ? first : DOCKER_HUB
}

function hostOfEntry(key: string): string {
  const host = key.replace(/^https?:\/\//, '').split('/')[0] ?? ''
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? DOCKER_HUB : host
}

function credentialsOf({ username, password, auth }: AuthEntry): Credentials | undefined {
  if (username !== undefined && password !== undefined) return { username, password }
  const [name = '', ...rest] = Buffer.from(auth ?? '', 'base64')
    .toString()
    .split(':')
  return rest.length === 0 ? undefined : { username: name, password: rest.join(':') }
}

function authsOf(secret: Secret): Record<string, AuthEntry> {
  const text = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString()
  const modern = text('.dockerconfigjson')
  if (modern !== '')
    return (JSON.parse(modern) as { auths?: Record<string, AuthEntry> }).auths ?? {}
  const legacy = text('.dockercfg')
  return legacy === '' ? {} : (JSON.parse(legacy) as Record<string, AuthEntry>)
}

/** What a Secret offers for the registry of `image`. */
export function credentialsIn(secret: Secret, image: string): Credentials[] {
  const registry = registryOf(image)
  return Object.entries(authsOf(secret)).flatMap(([key, entry]) => {
    const credentials = hostOfEntry(key) === registry ? credentialsOf(entry) : undefined
    return credentials === undefined ? [] : [credentials]
  })
}

/** Credentials of all the pod's Secrets for an image; absent Secrets are skipped, as in Kubernetes. */
export async function podCredentials(
  pod: Pod,
  image: string,
  objects: ObjectSource,
): Promise<Credentials[]> {
  const namespace = pod.metadata.namespace ?? ''
  const found = await Promise.all(
    (pod.spec.imagePullSecrets ?? []).map(({ name = '' }) => objects.secret({ namespace, name })),
  )
  return found.flatMap((secret) => (secret === undefined ? [] : credentialsIn(secret, image)))
}
