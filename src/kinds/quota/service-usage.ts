// What a Service counts for in quotas.
import type { Service } from '../k8s/core.ts'
import type { Amounts } from './amounts.ts'

const SERVICE_NAMES = ['count/services', 'services', 'services.nodeports', 'services.loadbalancers']

export const isOfServices = (name: string): boolean => SERVICE_NAMES.includes(name)

export function serviceUsage({ spec }: Service): Amounts {
  const ports = spec.ports ?? []
  const isBalanced = spec.type === 'LoadBalancer'
  const held =
    isBalanced && spec.allocateLoadBalancerNodePorts === false
      ? ports.filter(({ nodePort }) => nodePort)
      : ports
  return {
    'count/services': '1',
    services: '1',
    'services.nodeports': spec.type === 'NodePort' || isBalanced ? String(held.length) : '0',
    'services.loadbalancers': isBalanced ? '1' : '0',
  }
}
