// The registry as commands see it: over HTTP on loopback, with the instance's own credential.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { EXIT, Failure } from '../failure.ts'
import type { FoundInstance } from '../context.ts'

export interface RegistryAccess {
  /** "127.0.0.1:5000" */
  host: string
  username: string
  password: string
}

/** File in DATA/credentials with the password of the registry's user `admin`. */
export const REGISTRY_ADMIN_FILE = 'registry-admin'
export const REGISTRY_ADMIN_USER = 'admin'

export function registryAccess(instance: FoundInstance): RegistryAccess {
  const file = path.join(instance.paths.credentials, REGISTRY_ADMIN_FILE)
  let password: string
  try {
    password = readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Failure(
      `cannot read the registry's credential in ${file}. It is made by 'ccs up' and readable by root only`,
      1,
      { cause: error },
    )
  }
  const host = `127.0.0.1:${instance.file.ports.registry}`
  return { host, username: REGISTRY_ADMIN_USER, password }
}

const TIMEOUT_MS = 30_000

/** Pages of one listing that are read; the registry's own limit makes a page 100 entries. */
const PAGES_MAX = 1_000

/** GETs a whole listing of the registry's product API, page by page. */
export async function registryList<T>(access: RegistryAccess, urlPath: string): Promise<T[]> {
  const all: T[] = []
  let next: string | undefined = urlPath
  for (let page = 0; next !== undefined && page < PAGES_MAX; page++) {
    const response = await registryGet(access, next)
    all.push(...((await response.json()) as T[]))
    next = /<([^>]+)>; *rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1]
  }
  return all
}

/** Fails when the registry does not answer, or not to us. */
export async function registryPing(access: RegistryAccess): Promise<void> {
  await (await registryGet(access, '/v2/')).arrayBuffer()
}

const registryGet = (access: RegistryAccess, urlPath: string) => registryCall(access, urlPath)

/** Fails with what the registry says, as 404 with the exit code for that. */
export async function registryCall(
  access: RegistryAccess,
  urlPath: string,
  method: 'GET' | 'POST' | 'DELETE' | 'HEAD' = 'GET',
  timeoutMs = TIMEOUT_MS,
): Promise<Response> {
  const basic = Buffer.from(`${access.username}:${access.password}`).toString('base64')
  let response: Response
  try {
    response = await fetch(`http://${access.host}${urlPath}`, {
      method,
      headers: { authorization: `Basic ${basic}` },
      signal: AbortSignal.timeout(timeoutMs),
    })
  } catch (error) {
    throw new Failure(
      `the registry on ${access.host} does not answer. Is ccs running? Start it with 'ccs up'.`,
      4,
      { cause: (error as Error).cause ?? error },
    )
  }
  if (!response.ok)
    throw new Failure(
      await problemOf(response, urlPath),
      response.status === 404 ? EXIT.notFound : EXIT.failed,
    )
  return response
}

/** What the registry says is wrong, in its own words where it has some. */
async function problemOf(response: Response, urlPath: string): Promise<string> {
  const text = await response.text()
  const answer = `the registry answered ${response.status} to ${urlPath}`
  if (!(response.headers.get('content-type') ?? '').includes('json')) return `${answer}: ${text}`
  const { errors = [] } = JSON.parse(text) as { errors?: { message?: string }[] }
  return errors[0]?.message ?? answer
}
