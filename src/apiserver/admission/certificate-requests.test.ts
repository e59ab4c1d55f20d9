import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { STRING_KINDS, testRequest } from '#identity/test-request.ts'
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
import { certificateSigningRequests } from '#kinds/refs.ts'
import { testCluster } from '../test-cluster.ts'

const REQUESTS = `/apis/${certificateSigningRequests.group}/v1/certificatesigningrequests`
const SIGNER = 'kubernetes.io/kube-apiserver-client'

const object = (name: string, request: string, signerName = SIGNER) => ({
  metadata: { name },
  spec: {
    request,
    signerName,
    usages: ['client auth'],
  } satisfies CertificateSigningRequest['spec'],
})

describe('who is asked for', () => {
  test('is no superuser, however the group is written', async () => {
    const { api } = await testCluster()
    for (const organizationsAs of STRING_KINDS) {
      const { base64 } = testRequest({ organizations: ['dev', 'system:masters'], organizationsAs })
      const name = organizationsAs
      // What cannot be read as text is no group: the certificate will not have it either.
      const isText = organizationsAs === 'visible' || organizationsAs === 'general'
      if (isText) await api.create(REQUESTS, object(name, base64))
      else
        await assert.rejects(api.create(REQUESTS, object(name, base64)), {
          reason: 'Forbidden',
          message: `certificatesigningrequests.certificates.k8s.io "${name}" is forbidden: use of ${SIGNER} signer with system:masters group is not allowed`,
        })
    }
    const { base64 } = testRequest({ organizations: ['system:masters'] })
    await api.create(REQUESTS, object('elsewhere', base64, 'example.com/signer'))
    await api.create(REQUESTS, object('jane', testRequest().base64))
  })
})
