// GetWarningsForService of k8s.io/kubernetes pkg/api/service.
import type { Service } from '../k8s/core.ts'
import { addressWarnings, blockWarnings } from './addresses.ts'

const HINTS = 'service.kubernetes.io/topology-aware-hints'
const NO_ADDRESS = 'None'

/** What a service without an address does not use. */
function headlessWarnings({ spec }: Service): string[] {
  const unused: readonly (readonly [field: string, isSet: boolean])[] = [
    ['loadBalancerIP', Boolean(spec.loadBalancerIP)],
    ['externalIPs', Boolean(spec.externalIPs?.length)],
    ['SessionAffinity', spec.sessionAffinity !== undefined && spec.sessionAffinity !== 'None'],
  ]
  return unused
    .filter(([, isSet]) => isSet)
    .map(([field]) => `spec.${field} is ignored for headless services`)
}

export function serviceWarnings(service: Service): string[] {
  const { metadata, spec } = service
  const { clusterIPs = [], externalIPs = [], loadBalancerIP, loadBalancerSourceRanges = [] } = spec
  const isExternal = spec.type === 'ExternalName'
  const isHeadless = spec.type === 'ClusterIP' && spec.clusterIP === NO_ADDRESS
  const warnings: string[] = []
  if (metadata.annotations?.[HINTS] !== undefined)
    warnings.push(
      `annotation ${HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`,
    )
  if (spec.clusterIP && spec.clusterIP !== NO_ADDRESS)
    for (const [index, address] of clusterIPs.entries())
      warnings.push(...addressWarnings(address, `spec.clusterIPs[${index}]`))
  if (isHeadless) warnings.push(...headlessWarnings(service))
  for (const [index, address] of externalIPs.entries())
    warnings.push(...addressWarnings(address, `spec.externalIPs[${index}]`))
  if (externalIPs.length > 0 && !isHeadless && !isExternal)
    warnings.push(
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    )
  if (loadBalancerIP) warnings.push(...addressWarnings(loadBalancerIP, 'spec.loadBalancerIP'))
  for (const [index, block] of loadBalancerSourceRanges.entries())
    warnings.push(...blockWarnings(block, `spec.loadBalancerSourceRanges[${index}]`))
  if (isExternal && externalIPs.length > 0)
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  if (!isExternal && spec.externalName)
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  if (spec.trafficDistribution === 'PreferClose')
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  return warnings
}
