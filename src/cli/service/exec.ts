// `ccs service exec`: runs a command in an instance, and ends with its exit code.
import { StatusError } from '#base/errors.ts'
import { execInPod } from '#client/remote-command.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'
import { type CommandContext, findInstance, transportOf } from '../context.ts'
import { Failure } from '../failure.ts'
import { findService, type ServiceOptions } from './find-service.ts'
import { podsOf, selectInstance } from './instances.ts'
import { openTerminal } from './terminal.ts'

/** How runc says it. */
const NO_PROGRAM = /executable file not found|no such file or directory/

export interface ExecOptions extends ServiceOptions {
  instance?: string
  stdin?: boolean
  tty?: boolean
}

const isRunning = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status?.containerStatuses ?? []).some(({ state }) => state?.running !== undefined)

const isReady = (pod: Pod): boolean =>
  conditionOf(pod.status?.conditions, 'Ready')?.status === 'True'

/** The one named, else one that is ready, else one that runs at all. */
export function chooseInstance(all: readonly Pod[], service: string, wanted?: string): Pod {
  if (wanted !== undefined) {
    const pod = selectInstance(all, wanted, service)
    if (isRunning(pod)) return pod
    throw new Failure(
      `instance "${pod.metadata.name}" does not run. 'ccs service get ${service}' says why`,
    )
  }
  const running = all.filter(isRunning)
  const pod = running.find(isReady) ?? running[0]
  if (pod !== undefined) return pod
  throw new Failure(
    all.length === 0
      ? `service "${service}" has no instances. 'ccs service scale ${service} --replicas 1' starts one`
      : `no instance of service "${service}" runs. 'ccs service get ${service}' says why`,
  )
}

/** Resolves with the exit code of the command. */
export async function execInService(
  context: CommandContext,
  name: string,
  command: readonly string[],
  options: ExecOptions,
): Promise<number> {
  const { place, service, cluster } = await findService(name, options)
  const pod = chooseInstance(await podsOf(await cluster(), place), name, options.instance)
  const server = await transportOf(findInstance(options), service.spec.cluster)
  const terminal = openTerminal(options)
  if (options.tty && !terminal.tty)
    context.say('no terminal here to pass on; the command gets none (-t)')
  try {
    const { exitCode } = await execInPod(server, {
      namespace: place.namespace,
      pod: pod.metadata.name,
      container: name,
      command,
      ...terminal,
    })
    return exitCode
  } catch (error) {
    if (!(error instanceof StatusError) || !NO_PROGRAM.test(error.message)) throw error
    throw new Failure(
      `instance "${pod.metadata.name}" has no program "${command[0]}". Its image decides what there is; a full path may help`,
    )
  } finally {
    terminal.restore()
  }
}
