// `ccs up`: brings an instance up and returns when every part of it was seen to work.
import { equalPorts } from '#setup/choose-ports.ts'
import type { InstanceFile, InstancePaths } from '#setup/instance.ts'
import { withInstanceLock } from '#setup/instance-lock.ts'
import { type CommandContext, type CommonOptions, dataDirFlag, pathsOf } from './context.ts'
import { runDemo } from './demo.ts'
import { EXIT, Failure } from './failure.ts'
import { askedPorts, startInstance } from './up-start.ts'
import { seeAll } from './up-sightings.ts'

export interface UpOptions extends CommonOptions {
  demo?: boolean
  /** Undefined leaves it as it is. */
  atBoot?: boolean
  /** An address of this computer; false ends it, undefined leaves it as it is. */
  listen?: string | false
  apiPort?: number
  registryPort?: number
  dnsPort?: number
  /** Longest wait for each part, in seconds. */
  timeout?: number
}

export async function up(context: CommandContext, options: UpOptions): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Failure(
      "ccs makes network namespaces and cgroups and must run as root: 'sudo ./ccs up'",
    )
  const conflict = equalPorts(askedPorts(options))
  if (conflict !== undefined) throw new Failure(conflict, EXIT.usage)
  const paths = pathsOf(options)
  const started = context.clock.now()
  const found = await withInstanceLock(
    paths,
    { command: 'ccs up', pid: process.pid, say: context.say },
    () => startInstance(context, paths, options),
  )
  const timeoutMs = options.timeout === undefined ? undefined : options.timeout * 1000
  await seeAll(context, found, { timeoutMs })
  const total = ((context.clock.now() - started) / 1000).toFixed(1)
  context.say(summary(found, total))
  if (options.demo) await runDemo(context, options)
  else
    context.say(
      `Next: './ccs up --demo${dataDirFlag(paths)}' runs a sample service, './ccs --help' shows the rest.`,
    )
}

function summary({ paths, file }: { paths: InstancePaths; file: InstanceFile }, total: string) {
  const { ports, listen } = file
  return [
    '',
    `ccs is up (${total} s).`,
    `  API         https://127.0.0.1:${ports.api}`,
    `  registry    127.0.0.1:${ports.registry}`,
    `  names       *.ccs.internal at 127.0.0.1:${ports.dns}`,
    ...(listen === undefined
      ? []
      : [
          `  for others  https://${listen}:${ports.api}, registry ${listen}:${ports.registry} (TLS), host ports of services`,
        ]),
    `  kubeconfig  ${paths.kubeconfig}`,
    `  kubectl     kubectl --kubeconfig ${paths.kubeconfig} get nodes`,
    '',
  ].join('\n')
}
