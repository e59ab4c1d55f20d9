// The Node of a machine as the API shows it. Pure.
import { rfc3339 } from '#base/clock.ts'
import type { Node, NodeCondition, NodeStatus, NodeSystemInfo } from '#kinds/k8s/core.ts'
import type { NodeMachine } from './node-machine.ts'

export interface NodeHealth {
  /** What keeps the node from being ready; undefined when nothing does. */
  problem: string | undefined
}

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

function readiness({ problem }: NodeHealth): Verdict {
  return problem === undefined
    ? verdict('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
    : verdict('Ready', 'False', 'KubeletNotReady', problem)
}

function conditions(
  before: readonly NodeCondition[],
  health: NodeHealth,
  nowMs: number,
): NodeCondition[] {
  const time = rfc3339(nowMs)
  const own = [...PRESSURES, readiness(health)].map((now) => {
    const known = before.find(({ type }) => type === now.type)
    const lastTransitionTime =
      (known?.status === now.status ? known?.lastTransitionTime : undefined) ?? time
    return { ...now, lastHeartbeatTime: time, lastTransitionTime }
  })
  const types = new Set(own.map(({ type }) => type))
  return [...before.filter(({ type }) => !types.has(type)), ...own]
}

export interface NodeStatusOptions {
  name: string
  machine: NodeMachine
  info: NodeSystemInfo
  health: NodeHealth
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
