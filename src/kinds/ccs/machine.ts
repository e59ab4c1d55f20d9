// A machine of a cluster: on the local provider a network namespace, a cgroup and a containerd.
import type { Condition } from '#kinds/k8s/meta.ts'
import type { KubeObject, Quantity } from '#kinds/object.ts'
import { ccsRef } from './group.ts'

/** Condition: the machine has no pods left, so that its provider may stop it. */
export const DRAINED = 'Drained'

export interface MachineSpec {
  cluster: string
  zone: string
  /** Name of a MachineType. */
  type: string
  /** Whether it should run; `ccs machine stop` sets Stopped. */
  power: 'Running' | 'Stopped'
}

export interface MachineStatus {
  phase: 'Pending' | 'Provisioning' | 'Running' | 'Stopping' | 'Stopped' | 'Failed' | 'Deleting'
  conditions?: Condition[]
  /** Address on the cluster's machine network; also the node's InternalIP. */
  address?: string
  podCIDR?: string
  /** containerd's socket in the host's file system. */
  runtimeSocket?: string
  /** Path of the machine's network namespace. */
  networkNamespace?: string
  /** cgroup path below each controller's root (v1) or the unified root (v2), of the machine's pods. */
  podsCgroup?: string
  /** Directory of the machine in the data directory. */
  directory?: string
  /** What pods may use: the type less the reserve. */
  allocatable?: { cpu: Quantity; memory: Quantity; pods: Quantity; 'ephemeral-storage': Quantity }
  capacity?: { cpu: Quantity; memory: Quantity; pods: Quantity; 'ephemeral-storage': Quantity }
}

export interface Machine extends KubeObject {
  spec: MachineSpec
  status?: MachineStatus
}

export const machines = ccsRef<Machine>('Machine', 'machines', false)
