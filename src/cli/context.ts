// What every command gets: the instance it works on, and ways to speak.
import { existsSync } from 'node:fs'
import type { Clock } from '#base/clock.ts'
import { createClient } from '#client/create-client.ts'
import { httpsTransport, type HttpsTransportOptions } from '#client/https-transport.ts'
import { loadKubeconfig } from '#client/kubeconfig.ts'
import type { Client } from '#client/types.ts'
import type { Systemd } from '#setup/boot-unit.ts'
import {
  contextName,
  DEFAULT_DATA_DIR,
  instancePaths,
  type InstanceFile,
  type InstancePaths,
  readInstance,
  resolveDataDir,
} from '#setup/instance.ts'
import { EXIT, Failure } from './failure.ts'
import { type OutputFormat, renderTable, renderValue, type TableColumn } from './output.ts'

/** Options of every command. */
export interface CommonOptions {
  dataDir?: string
  output?: string
}

export interface CommandContext {
  clock: Clock
  /** Root of the checkout this command stands in. */
  root: string
  version: string
  systemd: Systemd
  /** A line for people, to standard error: progress, hints. */
  say: (line: string) => void
  /** What was asked for, to standard output. */
  print: (text: string) => void
}

export function pathsOf(options: CommonOptions): InstancePaths {
  if (options.dataDir === '')
    throw new Failure('--data-dir is empty; name a directory, or leave it out', EXIT.usage)
  return instancePaths(resolveDataDir(options.dataDir ?? DEFAULT_DATA_DIR))
}

/** What to add to a command so that it finds the same instance; nothing for the default one. */
export const dataDirFlag = ({ dataDir }: InstancePaths): string =>
  dataDir === DEFAULT_DATA_DIR ? '' : ` --data-dir ${dataDir}`

export interface FoundInstance {
  paths: InstancePaths
  file: InstanceFile
}

/** The instance of `--data-dir`, or a Failure that says how to make one. */
export function findInstance(options: CommonOptions): FoundInstance {
  const paths = pathsOf(options)
  const file = readInstance(paths)
  if (file === undefined)
    throw new Failure(
      `there is no instance in ${paths.dataDir}. Make one with 'ccs up', or name another with --data-dir`,
      EXIT.notRunning,
    )
  if (file.isPurged)
    throw new Failure(
      `the removal of the instance in ${paths.dataDir} was cut off. Go on with 'ccs down --purge', or make a new one with 'ccs up'`,
      EXIT.notRunning,
    )
  return { paths, file }
}

/** Where the hub or a cluster is, and who we are there, by the instance's kubeconfig. */
export async function transportOf(
  instance: FoundInstance,
  cluster = 'hub',
): Promise<HttpsTransportOptions> {
  const { kubeconfig } = instance.paths
  // The engine writes it when it first starts.
  if (!existsSync(kubeconfig))
    throw new Failure(`there is no ${kubeconfig} yet. Start ccs with 'ccs up'`, EXIT.notRunning)
  return (await loadKubeconfig(kubeconfig, contextName(cluster))).transport
}

/** A client of the hub or of a cluster. */
export async function clientOf(instance: FoundInstance, cluster = 'hub'): Promise<Client> {
  return createClient(httpsTransport(await transportOf(instance, cluster)).call)
}

export function outputFormat(options: CommonOptions): OutputFormat {
  const format = options.output ?? 'table'
  if (format === 'table' || format === 'json' || format === 'yaml') return format
  throw new Failure(`-o takes json or yaml, not "${format}"`, EXIT.usage)
}

/** Prints rows as a table, or the values they stand for as JSON or YAML. */
export function show<Row>(
  context: CommandContext,
  options: CommonOptions,
  view: { columns: readonly TableColumn<Row>[]; rows: Row[]; value: unknown; empty: string },
): void {
  const format = outputFormat(options)
  if (format !== 'table') context.print(renderValue(view.value, format))
  else if (view.rows.length === 0) context.say(view.empty)
  else context.print(renderTable(view.columns, view.rows))
}
