// Tells which Services to look at when they, or pods behind them, change.
import type { Informer } from '#client/types.ts'
import type { Pod, Service } from '#kinds/k8s/core.ts'
import { keyOf } from '#kinds/object.ts'
import { isEndpointChange, selects } from './service-endpoints.ts'

export function watchServicePods(
  { services, pods }: { services: Informer<Service>; pods: Informer<Pod> },
  add: (serviceKey: string) => void,
): void {
  services.on({
    added: (service) => add(keyOf(service)),
    updated: (service) => add(keyOf(service)),
    deleted: (service) => add(keyOf(service)),
  })
  const addServicesOf = (...states: Pod[]) => {
    for (const service of services.list(states[0]?.metadata.namespace))
      if (states.some((pod) => selects(service, pod))) add(keyOf(service))
  }
  pods.on({
    added: (pod) => addServicesOf(pod),
    updated: (pod, old) => {
      if (isEndpointChange(pod, old)) addServicesOf(pod, old)
    },
    deleted: (pod) => addServicesOf(pod),
  })
}
