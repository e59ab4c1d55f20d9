import type { HTTPGetAction, LifecycleHandler, Probe } from '../k8s/core.ts'

function defaultHttpGet(action: HTTPGetAction | undefined): void {
  if (action === undefined) return
  action.path ||= '/'
  action.scheme ||= 'HTTP'
}

export function defaultProbe(probe: Probe | undefined): void {
  if (probe === undefined) return
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  defaultHttpGet(probe.httpGet)
  if (probe.grpc !== undefined) probe.grpc.service ??= ''
}

export function defaultLifecycleHandler(handler: LifecycleHandler | undefined): void {
  defaultHttpGet(handler?.httpGet)
}
