// `ccs kubeconfig [cluster]`: prints the instance's kubeconfig, or one context of it.
import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type CommandContext, type CommonOptions, findInstance, outputFormat } from './context.ts'
import { contextName } from '#setup/instance.ts'
import { EXIT, Failure } from './failure.ts'
import { renderValue } from './output.ts'

interface Named {
  name: string
}

interface Kubeconfig {
  apiVersion: string
  kind: string
  'current-context': string
  contexts: (Named & { context: { cluster: string; user: string } })[]
  clusters: (Named & { cluster: { server: string } })[]
  users: Named[]
}

/** Only what the named context needs, so that nothing else is handed on. */
export function selectContext(config: Kubeconfig, name: string): Kubeconfig | undefined {
  const entry = config.contexts.find((candidate) => candidate.name === name)
  if (entry === undefined) return undefined
  return {
    ...config,
    'current-context': name,
    contexts: [entry],
    clusters: config.clusters.filter((cluster) => cluster.name === entry.context.cluster),
    users: config.users.filter((user) => user.name === entry.context.user),
  }
}

/** With another address for the API, as other computers reach it. */
export function atAddress(config: Kubeconfig, address: string): Kubeconfig {
  return {
    ...config,
    clusters: config.clusters.map((entry) => {
      const server = new URL(entry.cluster.server)
      server.hostname = address
      return { ...entry, cluster: { ...entry.cluster, server: server.href.replace(/\/$/, '') } }
    }),
  }
}

export interface KubeconfigOptions extends CommonOptions {
  remote?: boolean
}

export function printKubeconfig(
  context: CommandContext,
  cluster: string | undefined,
  options: KubeconfigOptions,
): void {
  const { paths, file } = findInstance(options)
  if (options.remote && file.listen === undefined)
    throw new Failure(
      "this instance serves this computer only: 'ccs down', then 'ccs up --listen ADDRESS'",
    )
  if (!existsSync(paths.kubeconfig))
    throw new Failure(
      `there is no ${paths.kubeconfig} yet. Start ccs with 'ccs up'`,
      EXIT.notRunning,
    )
  const local = parse(readFileSync(paths.kubeconfig, 'utf8')) as Kubeconfig
  const config = options.remote && file.listen !== undefined ? atAddress(local, file.listen) : local
  const selected = cluster === undefined ? config : selectContext(config, contextName(cluster))
  if (selected === undefined)
    throw new Failure(
      `there is no cluster "${cluster}"; there are: ` +
        config.contexts.map((entry) => entry.name.replace(/^ccs-/, '')).join(', '),
      EXIT.notFound,
    )
  const format = outputFormat(options)
  context.print(renderValue(selected, format === 'json' ? 'json' : 'yaml'))
}
