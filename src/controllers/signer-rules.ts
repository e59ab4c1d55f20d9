// What each of Kubernetes' signers signs: the rules of kube-controller-manager's certificate signer, as a table. Pure.
import type { RequestedCertificate } from '#identity/sign-request.ts'

export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client'
export const KUBELET_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet'
export const KUBELET_SERVING_SIGNER = 'kubernetes.io/kubelet-serving'

type Rule = (asked: RequestedCertificate, usages: readonly string[]) => string | undefined

const ENCIPHERMENT = 'key encipherment'
const NODES = 'system:nodes'
export const NODE_PREFIX = 'system:node:'

const hasExactly =
  (...wanted: string[]): Rule =>
  (_asked, usages) => {
    const given = new Set(usages.filter((usage) => usage !== ENCIPHERMENT))
    const isRight = given.size === wanted.length && wanted.every((usage) => given.has(usage))
    return isRight ? undefined : `usages did not match ${wanted.join(',')}`
  }

const clientUsages: Rule = (_asked, usages) => {
  const other = usages.find(
    (usage) => !['client auth', 'digital signature', ENCIPHERMENT].includes(usage),
  )
  if (other !== undefined) return `invalid usage for client certificate: ${other}`
  return usages.includes('client auth')
    ? undefined
    : 'missing required usage for client certificate: client auth'
}

const ofNode: Rule = ({ organizations, commonName }) => {
  if (organizations.length !== 1 || organizations[0] !== NODES)
    return 'subject organization is not system:nodes'
  return commonName.startsWith(NODE_PREFIX)
    ? undefined
    : 'subject common name does not begin with system:node:'
}

const NAMES = {
  dnsNames: 'DNS',
  emails: 'Email',
  addresses: 'IP',
  uris: 'URI',
} as const

const without =
  (...kinds: (keyof typeof NAMES)[]): Rule =>
  (asked) => {
    const found = kinds.find((kind) => asked[kind].length > 0)
    return found === undefined ? undefined : `${NAMES[found]} subjectAltNames are not allowed`
  }

const hasNameOrAddress: Rule = ({ dnsNames, addresses }) =>
  dnsNames.length + addresses.length > 0 ? undefined : 'DNS or IP subjectAltName is required'

const RULES: Readonly<Record<string, readonly Rule[]>> = {
  [CLIENT_SIGNER]: [clientUsages],
  [KUBELET_CLIENT_SIGNER]: [
    ofNode,
    without('dnsNames', 'emails', 'addresses', 'uris'),
    hasExactly('digital signature', 'client auth'),
  ],
  [KUBELET_SERVING_SIGNER]: [
    ofNode,
    hasNameOrAddress,
    without('emails', 'uris'),
    hasExactly('digital signature', 'server auth'),
  ],
}

export const isOurSigner = (signerName: string): boolean => Object.hasOwn(RULES, signerName)

/** Why a signer does not sign this; nothing when it does. */
export function refusalOf(
  signerName: string,
  asked: RequestedCertificate,
  usages: readonly string[],
): string | undefined {
  for (const rule of RULES[signerName] ?? []) {
    const why = rule(asked, usages)
    if (why !== undefined) return why
  }
  return undefined
}
