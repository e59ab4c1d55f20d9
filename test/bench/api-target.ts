// The API that is measured: a plain server of ours, or any Kubernetes that --server names.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import { run } from '../e2e/instance.ts'
import { succeeded } from './live-instance.ts'
import { PlainProcess } from './plain-process.ts'

export interface OtherServer {
  server: string
  token: string
}

const LOAD_TIMEOUT_MS = 300_000
const CONTEXT = 'ccs-hub'

export class ApiTarget {
  readonly #directory: string
  readonly #kubeconfig: string
  #process: PlainProcess | undefined
  #namespaces = 0

  private constructor(directory: string, kubeconfig: string, process?: PlainProcess) {
    this.#directory = directory
    this.#kubeconfig = kubeconfig
    this.#process = process
  }

  static async start(parent: string, other?: OtherServer): Promise<ApiTarget> {
    const directory = mkdtempSync(path.join(parent, 'ccs-bench-api-'))
    if (other !== undefined)
      return new ApiTarget(directory, writeKubeconfig(directory, other), undefined)
    const process = await PlainProcess.start(directory)
    return new ApiTarget(directory, process.ready.kubeconfig, process)
  }

  /** Our own process; undefined when the server is another's. */
  get process(): PlainProcess | undefined {
    return this.#process
  }

  /** Ends our server and starts it on the same files; how long that took. */
  async restart(): Promise<{ startMs: number }> {
    if (this.#process === undefined) throw new Error('another program cannot be started anew')
    await this.#process.stop()
    this.#process = await PlainProcess.start(this.#directory)
    return this.#process
  }

  /** A namespace of its own, so that a watch or a list does not begin with what others left. */
  async newNamespace(what: string): Promise<string> {
    const name = `bench-${what}-${Date.now().toString(36)}-${this.#namespaces++}`
    await this.load('namespace', name)
    return name
  }

  /** Runs the load client (api-load.ts) and returns the figures it printed. */
  async load<T>(...args: (string | number)[]): Promise<T> {
    const script = path.join(import.meta.dirname, 'api-load.ts')
    const argv = [process.execPath, script, this.#kubeconfig, CONTEXT, ...args.map(String)]
    const result = await run(argv, { timeoutMs: LOAD_TIMEOUT_MS })
    return JSON.parse(succeeded(`api-load ${args.join(' ')}`, result)) as T
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
    rmSync(this.#directory, { recursive: true })
  }
}

function writeKubeconfig(directory: string, { server, token }: OtherServer): string {
  const file = path.join(directory, 'kubeconfig')
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': CONTEXT,
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: CONTEXT } }],
    clusters: [{ name: CONTEXT, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: CONTEXT, user: { token } }],
  }
  writeFileSync(file, stringify(content), { mode: 0o600 })
  return file
}
