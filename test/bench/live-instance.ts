// A running instance with the sample service, and short ways to what the steps ask of it.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { instancePaths, resolveDataDir } from '#setup/instance.ts'
import { findService, type ServiceName } from '#setup/services.ts'
import { Instance, type Result, run } from '../e2e/instance.ts'

export const CLUSTER_CONTEXT = 'ccs-local'
export const HUB_CONTEXT = 'ccs-hub'
const LOAD_TIMEOUT_MS = 120_000

export function succeeded(what: string, { code, stdout, stderr }: Result): string {
  if (code !== 0) throw new Error(`${what} failed (${code}): ${stderr.trim().slice(-1_000)}`)
  return stdout
}

export class LiveInstance {
  readonly instance: Instance
  /** Where the sample service answers. */
  url = ''

  private constructor(instance: Instance) {
    this.instance = instance
  }

  static async start(): Promise<LiveInstance> {
    const live = new LiveInstance(await Instance.create())
    try {
      await live.up()
    } catch (error) {
      await live.purge()
      throw error
    }
    return live
  }

  /** `ccs up --demo`; returns what it said on the way. */
  async up(): Promise<string> {
    const result = await this.instance.up('--demo')
    this.url = succeeded('ccs up --demo', result).trim().split('\n').at(-1) ?? ''
    return result.stderr
  }

  async down(): Promise<void> {
    succeeded('ccs down', await this.instance.ccs('down'))
  }

  async purge(): Promise<void> {
    succeeded('ccs down --purge', await this.instance.purge())
  }

  /** Resident memory of a process of ours, in 10^6 bytes. */
  residentMegabytes(name: ServiceName): number {
    const found = findService(instancePaths(resolveDataDir(this.instance.dataDir)), name)
    if (found === undefined) throw new Error(`${name} does not run`)
    const status = readFileSync(`/proc/${found.pid}/status`, 'utf8')
    const kibibytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])
    return (kibibytes * 1024) / 1e6
  }

  async kubectl(context: string, ...args: string[]): Promise<string> {
    const result = await this.instance.kubectl('--context', context, ...args)
    return succeeded(`kubectl ${args.join(' ')}`, result)
  }

  /** `kubectl create` of a manifest on standard input. */
  async create(manifest: object): Promise<void> {
    const argv = ['--context', CLUSTER_CONTEXT, 'create', '-f', '-']
    const result = await this.instance.kubectlWith(JSON.stringify(manifest), ...argv)
    succeeded('kubectl create', result)
  }

  /** Runs the load client (api-load.ts) and returns the figures it printed. */
  async load<T>(...args: (string | number)[]): Promise<T> {
    const script = path.join(import.meta.dirname, 'api-load.ts')
    const argv = [process.execPath, script, this.instance.kubeconfig, CLUSTER_CONTEXT]
    const result = await run([...argv, ...args.map(String)], { timeoutMs: LOAD_TIMEOUT_MS })
    return JSON.parse(succeeded(`api-load ${args.join(' ')}`, result)) as T
  }
}
