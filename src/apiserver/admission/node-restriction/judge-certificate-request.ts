// Requests for certificates: a node asks for its own.
import { readRequest } from '#identity/sign-request.ts'
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
import type { Judge } from './node-write.ts'

const SIGNERS = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet']

export const judgeCertificateRequest: Judge = async ({ request }) => {
  if (request.operation !== 'CREATE') return undefined
  const { spec } = request.object as CertificateSigningRequest
  if (!SIGNERS.includes(spec.signerName)) return undefined
  const pem = Buffer.from(spec.request, 'base64').toString('latin1')
  const { username } = request.user
  try {
    const { commonName } = await readRequest(pem)
    return commonName === username ? undefined : `can only create a node CSR with CN=${username}`
  } catch (error) {
    return `unable to parse csr: ${error instanceof Error ? error.message : String(error)}`
  }
}
