import type { Pod, Service } from '#kinds/k8s/core.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { keyOf } from '#kinds/object.ts'
import { pods, services } from '#kinds/refs.ts'
import type { Check, CheckContext } from './check.ts'

/** No two services have a ClusterIP or a node port, and no two pods an address, at the same time. */
export function addressesUnique({ state, report }: CheckContext): Check {
  return {
    changed({ type, kind, object, previous }) {
      if (type === 'DELETED') return
      if (kind === 'Service') {
        const all = state.list(services).map((each) => [keyOf(each), claimsOf(each)] as const)
        const twice = shared(all)
        if (twice !== undefined) report(twice)
      }
      const podIP = kind === 'Pod' ? (object as Pod).status?.podIP : undefined
      if (podIP === undefined || (previous as Pod | undefined)?.status?.podIP === podIP) return
      const others = state
        .list(pods)
        .filter(
          (pod) => !isPodFinished(pod) && !pod.spec.hostNetwork && pod.status?.podIP === podIP,
        )
      if (others.length > 1) report(`pods ${others.map(keyOf).join(' and ')} have address ${podIP}`)
    },
  }
}

function claimsOf({ spec }: Service): string[] {
  const addresses = (spec.clusterIPs ?? []).filter((ip) => ip !== 'None' && ip !== '')
  const ports = (spec.ports ?? []).filter(({ nodePort }) => nodePort)
  return [...addresses, ...ports.map((port) => `port ${port.nodePort}/${port.protocol ?? 'TCP'}`)]
}

function shared(all: readonly (readonly [string, string[]])[]): string | undefined {
  const holders = new Map<string, string>()
  for (const [key, claims] of all)
    for (const claim of claims) {
      const holder = holders.get(claim)
      if (holder !== undefined) return `services ${holder} and ${key} both have ${claim}`
      holders.set(claim, key)
    }
  return undefined
}
