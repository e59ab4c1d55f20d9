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
  clusters: Named[]
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

export function printKubeconfig(
  context: CommandContext,
  cluster: string | undefined,
  options: CommonOptions,
): void {
  const { paths } = findInstance(options)
  if (!existsSync(paths.kubeconfig))
    throw new Failure(
      `there is no ${paths.kubeconfig} yet. Start ccs with 'ccs up'`,
      EXIT.notRunning,
    )
  const config = parse(readFileSync(paths.kubeconfig, 'utf8')) as Kubeconfig
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
