// A cluster with an admission webhook that answers by a function, for unit tests, and what registers it.
import { fakeDial } from '../../outgoing/fake-dial.ts'
import { type Json, type TestCluster, testCluster } from '../../test-cluster.ts'
import { HOOK_CA_BUNDLE, HOOK_PLACE, HOOK_URL, webhookPeer } from './webhook-peer.ts'

const REGISTRATION = '/apis/admissionregistration.k8s.io/v1'
export const VALIDATING = `${REGISTRATION}/validatingwebhookconfigurations`
export const MUTATING = `${REGISTRATION}/mutatingwebhookconfigurations`

type Respond = Parameters<typeof webhookPeer>[0]

export interface WithHooks extends TestCluster {
  asked: Json[]
}

export async function withHooks(respond: Respond): Promise<WithHooks> {
  const peers = fakeDial()
  const asked: Json[] = []
  peers.listen(
    HOOK_PLACE,
    webhookPeer((request, path) => {
      asked.push(request)
      return respond(request, path)
    }),
  )
  const cluster = await testCluster({ dial: peers.dial })
  return { ...cluster, asked }
}

export const rule = (resources: string[], more: object = {}) => ({
  operations: ['CREATE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources,
  ...more,
})

export const hook = (more: object = {}) => ({
  name: 'hook.example.com',
  clientConfig: { url: HOOK_URL, caBundle: HOOK_CA_BUNDLE },
  rules: [rule(['configmaps'])],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  ...more,
})

export const configuration = (name: string, webhooks: object[]) => ({
  metadata: { name },
  webhooks,
})

export const denied = (message?: string) => ({
  allowed: false,
  ...(message === undefined ? {} : { status: { message } }),
})

export const patchOf = (operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})
