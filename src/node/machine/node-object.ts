// The Node of a machine as the API shows it. Pure.
import { rfc3339 } from '#base/clock.ts'
import type { Node, NodeCondition, NodeStatus, NodeSystemInfo } from '#kinds/k8s/core.ts'
import type { NodeMachine } from './node-machine.ts'

export type NodeHealth =
  | { state: 'ready' }
  | { state: 'failing'; problem: string }
  /** The machine does not answer: nothing of it is known. */
  | { state: 'unreachable' }

export function nodeLabels(
  name: string,
  machine: NodeMachine,
  architecture: string,
): Record<string, string> {
  return {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'node.kubernetes.io/instance-type': machine.instanceType,
    'topology.kubernetes.io/region': machine.region,
    'topology.kubernetes.io/zone': machine.zone,
  }
}

export function newNode(name: string, machine: NodeMachine, architecture: string): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: nodeLabels(name, machine, architecture) },
    spec: { podCIDR: machine.podCIDR, podCIDRs: [machine.podCIDR] },
  }
}

type Verdict = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>

const verdict = (type: string, status: string, reason: string, message: string): Verdict => ({
  type,
  status,
  reason,
  message,
})

const PRESSURES: readonly Verdict[] = [
  verdict(
    'MemoryPressure',
    'False',
    'KubeletHasSufficientMemory',
    'kubelet has sufficient memory available',
  ),
  verdict('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
  verdict(
    'PIDPressure',
    'False',
    'KubeletHasSufficientPID',
    'kubelet has sufficient PID available',
  ),
]

function verdicts(health: NodeHealth): Verdict[] {
  switch (health.state) {
    case 'ready':
      return [
        ...PRESSURES,
        verdict('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
      ]
    case 'failing':
      return [...PRESSURES, verdict('Ready', 'False', 'KubeletNotReady', health.problem)]
    case 'unreachable':
      return [...PRESSURES.map(({ type }) => type), 'Ready'].map((type) =>
        verdict(type, 'Unknown', 'NodeStatusUnknown', 'The machine does not answer.'),
      )
  }
}

function conditions(
  before: readonly NodeCondition[],
  health: NodeHealth | undefined,
  nowMs: number,
): NodeCondition[] {
  if (health === undefined) return [...before]
  const time = rfc3339(nowMs)
  const own = verdicts(health).map((now) => {
    const known = before.find(({ type }) => type === now.type)
    const lastTransitionTime =
      (known?.status === now.status ? known?.lastTransitionTime : undefined) ?? time
    // A heartbeat is a sign of life, which a silent machine gives none of.
    const lastHeartbeatTime =
      health.state === 'unreachable' ? (known?.lastHeartbeatTime ?? time) : time
    return { ...now, lastHeartbeatTime, lastTransitionTime }
  })
  const types = new Set(own.map(({ type }) => type))
  return [...before.filter(({ type }) => !types.has(type)), ...own]
}

export interface NodeStatusOptions {
  name: string
  machine: NodeMachine
  info: NodeSystemInfo
  /** Undefined while it is not known: the conditions stay as they are. */
  health: NodeHealth | undefined
  nowMs: number
}

export function nodeStatus(before: NodeStatus | undefined, options: NodeStatusOptions): NodeStatus {
  const { name, machine, info, health, nowMs } = options
  return {
    ...before,
    capacity: { ...machine.capacity },
    allocatable: { ...machine.allocatable },
    conditions: conditions(before?.conditions ?? [], health, nowMs),
    addresses: [
      { type: 'InternalIP', address: machine.address },
      { type: 'Hostname', address: name },
    ],
    nodeInfo: info,
  }
}
