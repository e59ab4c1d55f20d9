// `ccs image build DIR -t NAME`: builds with buildah and pushes to the instance's registry.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseImageName, REGISTRY_HOST } from '#kinds/ccs/image-name.ts'
import {
  type CommandContext,
  type CommonOptions,
  findInstance,
  type FoundInstance,
} from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { checkName } from '../service/find-service.ts'
import { type RegistryAccess, registryAccess, registryPing } from './registry-api.ts'

export interface BuildOptions extends CommonOptions {
  tag: string
  project: string
  file?: string
  quiet?: boolean
}

const BUILD_TIMEOUT_MS = 30 * 60_000
const FAILURE_LINES_MAX = 30

/** "app", "app:1", "team/app:1" -> repository with project, and tag. */
export function qualify(project: string, name: string): { repository: string; tag: string } {
  // A name as we print it is as good as its short form.
  const own = name.startsWith(`${REGISTRY_HOST}/`) ? name.slice(REGISTRY_HOST.length + 1) : name
  const parsed = parseImageName(own)
  if (parsed === undefined || parsed.digest !== undefined)
    throw new Failure(
      `"${name}" is no image name; write NAME[:TAG] in lower case, such as web:1.0`,
      EXIT.usage,
    )
  if (parsed.host !== undefined)
    throw new Failure(
      `"${name}" is for the registry ${parsed.host}; images are pushed to this instance's. Write NAME[:TAG]`,
      EXIT.usage,
    )
  checkName('project', project)
  const { repository, tag } = parsed
  return { repository: repository.includes('/') ? repository : `${project}/${repository}`, tag }
}

/** Where buildah keeps its layers between builds, apart from any buildah the user has. */
function storageArgs(instance: FoundInstance): string[] {
  const root = path.join(instance.paths.dataDir, 'build')
  const runRoot = path.join(instance.paths.runDir, 'build')
  for (const directory of [root, runRoot]) mkdirSync(directory, { recursive: true, mode: 0o700 })
  return ['--root', root, '--runroot', runRoot, '--storage-driver', 'vfs']
}

/** Files that tell buildah of our registry: its name on this computer, and our credential. */
function writeBuildahConfig(directory: string, access: RegistryAccess) {
  const registries = path.join(directory, 'registries.conf')
  const auth = path.join(directory, 'auth.json')
  writeFileSync(
    registries,
    `[[registry]]\nprefix = "${REGISTRY_HOST}"\nlocation = "${access.host}"\ninsecure = true\n`,
  )
  const basic = Buffer.from(`${access.username}:${access.password}`).toString('base64')
  const auths = { [access.host]: { auth: basic }, [REGISTRY_HOST]: { auth: basic } }
  writeFileSync(auth, JSON.stringify({ auths }), { mode: 0o600 })
  return { registries, auth }
}

function buildah(args: string[], registriesFile: string, say?: (line: string) => void) {
  return new Promise<void>((resolve, reject) => {
    const child = spawn(
      'env',
      [`CONTAINERS_REGISTRIES_CONF=${registriesFile}`, 'buildah', ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: BUILD_TIMEOUT_MS,
      },
    )
    const last: string[] = []
    const take = (chunk: Buffer) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        last.push(line)
        say?.(`  ${line}`)
      }
      last.splice(0, Math.max(0, last.length - FAILURE_LINES_MAX))
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', (error) =>
      reject(
        new Failure("cannot start buildah; is it installed? ('ccs up' installs it)", 1, {
          cause: error,
        }),
      ),
    )
    child.on('close', (code) => {
      if (code === 0) return resolve()
      const output = say ? '' : `:\n  ${last.join('\n  ')}`
      reject(
        new Failure(
          `buildah ${args.find((arg) => arg === 'bud') ? 'build' : 'push'} failed${output}`,
        ),
      )
    })
  })
}

function dockerfileOf(directory: string, given: string | undefined): string {
  if (!existsSync(directory) || !statSync(directory).isDirectory())
    throw new Failure(`there is no directory ${directory}`, EXIT.usage)
  const candidates = given === undefined ? ['Dockerfile', 'Containerfile'] : [given]
  const found = candidates.map((name) => path.resolve(directory, name)).find((f) => existsSync(f))
  if (found === undefined)
    throw new Failure(`there is no ${candidates.join(' or ')} in ${directory}`, EXIT.usage)
  return found
}

/** Returns the name under which machines know the image. */
export async function buildImage(
  context: CommandContext,
  directory: string,
  options: BuildOptions,
): Promise<string> {
  const { repository, tag } = qualify(options.project, options.tag)
  const dockerfile = dockerfileOf(directory, options.file)
  const instance = findInstance(options)
  const access = registryAccess(instance)
  // A long build must not end at a registry that does not run.
  await registryPing(access)
  const storage = storageArgs(instance)
  const temporary = mkdtempSync(path.join(instance.paths.runDir, 'build', 'config-'))
  const say = options.quiet ? undefined : context.say
  try {
    const { registries, auth } = writeBuildahConfig(temporary, access)
    const local = `${REGISTRY_HOST}/${repository}:${tag}`
    await buildah(
      [
        ...storage,
        'bud',
        '--isolation',
        'chroot',
        '--layers',
        '--format',
        'oci',
        '--authfile',
        auth,
        '--timestamp',
        '0',
        '-f',
        dockerfile,
        '-t',
        local,
        directory,
      ],
      registries,
      say,
    )
    await buildah(
      [
        ...storage,
        'push',
        '--quiet',
        '--tls-verify=false',
        '--authfile',
        auth,
        local,
        `docker://${access.host}/${repository}:${tag}`,
      ],
      registries,
    )
    return local
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}
