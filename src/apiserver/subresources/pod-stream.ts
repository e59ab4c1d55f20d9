// exec, attach and portforward: where at the kubelet of the pod's node the stream is opened.
import { badRequest, notFound } from '#base/errors.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import type { Call, ClusterContext, Outcome, Target } from '../context.ts'
import { isTrue } from '../request-info.ts'
import { keyFor, resourceName } from '../resources.ts'
import { containerOf } from './pod-container.ts'

/** Our parameter, and the kubelet's. */
const FLAGS = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
  ['tty', 'tty'],
] as const

function findPod(
  { objects }: ClusterContext,
  { resource, namespace, name }: Target,
): Pod & { spec: { nodeName: string } } {
  const stored = objects.get(keyFor(resource, namespace, name))
  if (stored === undefined) throw notFound(resourceName(resource), name)
  const pod = stored.object as Pod
  if (!pod.spec.nodeName) throw badRequest(`pod ${name} does not have a host assigned`)
  return pod as Pod & { spec: { nodeName: string } }
}

const upgradeTo = (node: string, parts: readonly string[], query: URLSearchParams): Outcome => ({
  type: 'upgrade',
  node,
  path: `/${parts.map(encodeURIComponent).join('/')}?${query.toString()}`,
})

function commandStream(
  context: ClusterContext,
  call: Call,
  target: Target,
  { type, command }: { type: 'exec' | 'attach'; command: readonly string[] },
): Outcome {
  const asked = call.request.query
  const pod = findPod(context, target)
  const container = containerOf(pod, asked.get('container') ?? '')
  const query = new URLSearchParams()
  for (const [ours, theirs] of FLAGS) if (isTrue(asked.get(ours))) query.set(theirs, '1')
  for (const part of command) query.append('command', part)
  return upgradeTo(pod.spec.nodeName, [type, target.namespace ?? '', target.name, container], query)
}

export function openExec(context: ClusterContext, call: Call, target: Target): Outcome {
  const command = call.request.query.getAll('command')
  if (command.length === 0)
    throw badRequest('you must specify at least one command for the container')
  return commandStream(context, call, target, { type: 'exec', command })
}

export const openAttach = (context: ClusterContext, call: Call, target: Target): Outcome =>
  commandStream(context, call, target, { type: 'attach', command: [] })

export function openPortForward(context: ClusterContext, call: Call, target: Target): Outcome {
  const pod = findPod(context, target)
  // Clients that name their ports by streams leave this out.
  const ports = call.request.query
    .getAll('ports')
    .concat(call.request.query.getAll('port'))
    .map((port): [string, string] => ['port', port])
  return upgradeTo(
    pod.spec.nodeName,
    ['portForward', target.namespace ?? '', target.name],
    new URLSearchParams(ports),
  )
}
