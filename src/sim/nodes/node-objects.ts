// The nodes of a simulated cluster, as they register.
import { version } from '#base/version.ts'
import type { Node } from '#kinds/k8s/core.ts'

export const ZONES = ['zone-1', 'zone-2'] as const

export interface NodeSize {
  cpu: string
  memory: string
  pods: string
}

export function simulatedNode(index: number, size: NodeSize): Node {
  const name = `node-${index + 1}`
  const resources = { ...size, 'ephemeral-storage': '20Gi' }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/zone': ZONES[index % ZONES.length]!,
        'topology.kubernetes.io/region': 'simulated',
      },
    },
    spec: { podCIDR: `10.64.${index}.0/24`, podCIDRs: [`10.64.${index}.0/24`] },
    status: {
      capacity: resources,
      allocatable: resources,
      addresses: [
        { type: 'InternalIP', address: `10.63.0.${index + 11}` },
        { type: 'Hostname', address: name },
      ],
      nodeInfo: {
        kubeletVersion: `v1.36.0-ccs.${version}`,
        kubeProxyVersion: '',
        containerRuntimeVersion: `simulated://${version}`,
        osImage: 'simulated',
        operatingSystem: 'linux',
        architecture: 'amd64',
        kernelVersion: 'simulated',
        bootID: '',
        machineID: '',
        systemUUID: '',
      },
    },
  }
}
