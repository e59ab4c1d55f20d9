// Makes logical clusters reachable: certificates, listeners and the kubeconfig.
import type { Clock } from '#base/clock.ts'
import type { AuthorityStore } from '#identity/authority-store.ts'
import { issueClientCertificate } from '#identity/leaf-certificate.ts'
import type { KubeconfigFile } from './kubeconfig-file.ts'

/** Kubernetes' group of those who may everything (k8s.io/apiserver user.SystemPrivilegedGroup). */
export const ADMIN_GROUP = 'system:masters'

/** The engine's own controllers: they are the control plane. */
export const ENGINE_USER = { username: 'system:ccs:engine', groups: [ADMIN_GROUP] }

/** Adds a context with a fresh certificate of the cluster's administrator. */
export async function addToKubeconfig(options: {
  cluster: string
  server: string
  authorities: AuthorityStore
  kubeconfig: KubeconfigFile
  clock: Clock
}): Promise<void> {
  const { cluster, server, authorities, kubeconfig, clock } = options
  const credential = await issueClientCertificate({
    authority: await authorities.clientAuthority(cluster),
    user: 'ccs-admin',
    groups: [ADMIN_GROUP],
    clock,
  })
  kubeconfig.set({ cluster, server, credential })
}
