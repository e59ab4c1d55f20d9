// A group version that another server serves: what an APIService with `spec.service` says of it. Pure.
import type { APIService } from '#kinds/k8s/apiregistration.ts'

export interface RemoteService {
  /** Of the APIService. */
  name: string
  group: string
  version: string
  service: { namespace: string; name: string; port: number }
  caPem: string | undefined
  /** Whether the server's certificate is checked. */
  verify: boolean
  priority: { group: number; version: number }
}

const HTTPS_PORT = 443

/** Nothing when it is served here. */
export function remoteServiceOf({ metadata, spec }: APIService): RemoteService | undefined {
  const { service, group = '', version = '', caBundle } = spec
  if (service === undefined) return undefined
  const { namespace = '', name = '', port = HTTPS_PORT } = service
  return {
    name: metadata.name,
    group,
    version,
    service: { namespace, name, port },
    caPem: caBundle ? Buffer.from(caBundle, 'base64').toString() : undefined,
    verify: spec.insecureSkipTLSVerify !== true,
    priority: { group: spec.groupPriorityMinimum, version: spec.versionPriority },
  }
}

/** The name that the server's certificate must have. */
export const serverNameOf = ({ service }: RemoteService): string =>
  `${service.name}.${service.namespace}.svc`

/** Below which everything of the group version is. */
export const rootOf = ({ group, version }: Pick<RemoteService, 'group' | 'version'>): string =>
  `/apis/${group}/${version}`
