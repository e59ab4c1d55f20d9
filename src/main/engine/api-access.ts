// Makes logical clusters reachable: certificates, listeners and the kubeconfig.
import { X509Certificate } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import type { KeyedCertificate } from '#identity/authority.ts'
import type { AuthorityStore } from '#identity/authority-store.ts'
import { clientIdentity } from '#identity/client-identity.ts'
import { issueClientCertificate } from '#identity/leaf-certificate.ts'
import { needsRenewal } from '#identity/validity.ts'
import type { KubeconfigFile } from './kubeconfig-file.ts'

/** Kubernetes' group of those who may everything (k8s.io/apiserver user.SystemPrivilegedGroup). */
export const ADMIN_GROUP = 'system:masters'

/** The engine's own controllers: they are the control plane. */
export const ENGINE_USER = { username: 'system:ccs:engine', groups: [ADMIN_GROUP] }

/**
 * Adds a context with a certificate of the cluster's administrator: the one the file had before while that is good,
 * because whoever copied it goes on with it, else a fresh one.
 */
export async function addToKubeconfig(options: {
  cluster: string
  server: string
  authorities: AuthorityStore
  kubeconfig: KubeconfigFile
  clock: Clock
}): Promise<void> {
  const { cluster, server, authorities, kubeconfig, clock } = options
  const authority = await authorities.clientAuthority(cluster)
  const before = kubeconfig.get(cluster)?.credential
  const credential =
    before !== undefined && isGood(before, authority.certificatePem, clock)
      ? before
      : await issueClientCertificate({
          authority,
          user: 'ccs-admin',
          groups: [ADMIN_GROUP],
          clock,
        })
  kubeconfig.set({ cluster, server, credential })
}

function isGood({ certificatePem }: KeyedCertificate, authorityPem: string, clock: Clock): boolean {
  const identity = clientIdentity(new X509Certificate(certificatePem), authorityPem, clock.now())
  return identity?.groups.includes(ADMIN_GROUP) === true && !needsRenewal(certificatePem, clock)
}
