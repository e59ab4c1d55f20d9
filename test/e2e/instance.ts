// An instance of its own for an end-to-end test: brought up by the command users type, purged at the end.
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

export interface Result {
  code: number
  stdout: string
  stderr: string
}

/** Runs a program to its end; a code other than 0 is a result, not an error. */
export function run(argv: string[], options: { input?: string; timeoutMs?: number } = {}) {
  return new Promise<Result>((resolve, reject) => {
    const [command, ...args] = argv as [string, ...string[]]
    const child = spawn(command, args, { timeout: options.timeoutMs ?? 120_000 })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }))
    // A program that reads nothing may have ended before this is written.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
  })
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export class Instance {
  readonly dataDir: string
  readonly #ports: string[]

  private constructor(dataDir: string, ports: Record<string, number>) {
    this.dataDir = dataDir
    this.#ports = Object.entries(ports).map(([name, port]) => `--${name}-port=${port}`)
  }

  static async create(): Promise<Instance> {
    const [api, registry, dns] = [await freePort(), await freePort(), await freePort()]
    return new Instance(mkdtempSync(path.join(tmpdir(), 'ccs-e2e-')), { api, registry, dns })
  }

  /** One that finds its ports itself, as a user's does who gives none. */
  static withoutPorts(): Instance {
    return new Instance(mkdtempSync(path.join(tmpdir(), 'ccs-e2e-')), {})
  }

  /** `./ccs ...` on this instance. */
  ccs(...args: string[]): Promise<Result> {
    return run([path.join(root, 'ccs'), ...args, '--data-dir', this.dataDir], {
      timeoutMs: 180_000,
    })
  }

  /** `./ccs ...` with something on standard input. */
  ccsWith(input: string, ...args: string[]): Promise<Result> {
    return run([path.join(root, 'ccs'), ...args, '--data-dir', this.dataDir], { input })
  }

  up(...args: string[]): Promise<Result> {
    return this.ccs('up', ...this.#ports, ...args)
  }

  /** What `ccs up` wrote of the instance; the id stands in the names of all that it makes on this computer. */
  get file(): { id: string; ports: { api: number; registry: number; dns: number } } {
    const text = readFileSync(path.join(this.dataDir, 'instance.json'), 'utf8')
    return JSON.parse(text) as Instance['file']
  }

  get id(): string {
    return this.file.id
  }

  get kubeconfig(): string {
    return path.join(this.dataDir, 'kubeconfig')
  }

  /** What a kubectl needs to ask this instance, and to remember its answers nowhere else. */
  get kubectlFlags(): string[] {
    const cache = path.join(this.dataDir, 'kubectl-cache')
    return ['--kubeconfig', this.kubeconfig, '--cache-dir', cache]
  }

  kubectl(...args: string[]): Promise<Result> {
    return run(['kubectl', ...this.kubectlFlags, ...args])
  }

  /** `kubectl` with a manifest on standard input. */
  kubectlWith(input: string, ...args: string[]): Promise<Result> {
    return run(['kubectl', ...this.kubectlFlags, ...args], { input })
  }

  async purge(): Promise<Result> {
    const result = await this.ccs('down', '--purge')
    rmSync(this.dataDir, { recursive: true, force: true })
    return result
  }
}

/** Why kubectl cannot be used here, or undefined. */
export const kubectlMissing: string | undefined = [
  '/usr/bin/kubectl',
  '/usr/local/bin/kubectl',
].some((file) => existsSync(file))
  ? undefined
  : 'kubectl is not installed'

/** Tries until `probe` holds; fails with its last error after `timeoutMs`. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  let last: unknown
  while (Date.now() < deadline) {
    try {
      const value = await probe()
      if (value !== undefined && value !== false) return value
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${what} did not happen within ${timeoutMs} ms`, { cause: last })
}

/** One request on a connection of its own; rejects unless it is answered with 200. */
export async function fetchText(url: string): Promise<string> {
  const answer = await fetch(url, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(5_000),
  })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return answer.text()
}

/** Requests one after the other until stopped; says how many failed, and how. */
export function steadyLoad(url: string): { stop(): Promise<{ sent: number; failures: string[] }> } {
  let running = true
  let sent = 0
  const failures: string[] = []
  const loop = (async () => {
    while (running) {
      sent++
      try {
        await fetchText(url)
      } catch (error) {
        failures.push(`${new Date().toISOString()} ${String((error as Error).cause ?? error)}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  return {
    async stop() {
      running = false
      await loop
      return { sent, failures }
    },
  }
}

/** What is on the host that an instance could leave behind. */
async function hostInventory(): Promise<Record<string, string[]>> {
  const lines = (argv: string[]) =>
    new Promise<string[]>((resolve, reject) =>
      execFile(argv[0]!, argv.slice(1), (error, stdout) =>
        error ? reject(error) : resolve(stdout.split('\n').filter(Boolean).toSorted()),
      ),
    )
  return {
    namespaces: await lines(['ip', 'netns', 'list']),
    links: (await lines(['ip', '-o', 'link'])).map((line) => line.split(': ')[1] ?? ''),
    addresses: await lines(['ip', '-o', '-4', 'addr', 'show', 'dev', 'lo']),
    // A blank before each, as addresses have: a block is found by its first octets.
    routes: (await lines(['ip', 'route'])).map((line) => ` ${line}`),
    tables: await lines(['nft', 'list', 'tables']),
    mounts: (await lines(['cat', '/proc/self/mounts'])).map((line) => line.split(' ')[1] ?? ''),
    loops: await lines(['losetup', '-a']),
    cgroups: await lines(['find', '/sys/fs/cgroup', '-type', 'd', '-name', 'ccs*']),
    // A zombie is dead and holds nothing; when it goes is up to the computer's init.
    processes: (await lines(['ps', '-eo', 'args'])).filter(
      (line) =>
        !line.endsWith('<defunct>') &&
        /containerd|catatonit|src\/main\/(engine|registry|edge|supervisor)\.ts|nft -i/.test(line),
    ),
  }
}

/** What is on the host that names one of these: an instance's id, its data directory. */
export async function leftBehind(words: string[]): Promise<string[]> {
  const lines = Object.values(await hostInventory()).flat()
  return lines.filter((line) => words.some((word) => line.includes(word)))
}
