import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '#client/types.ts'
import { type CertificateSigner, UnreadableRequest } from '#identity/sign-request.ts'
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
import { certificateSigningRequests } from '#kinds/refs.ts'
import { createCertificateApprovingController } from './certificate-approving.ts'
import { createCertificateSigningController } from './certificate-signing.ts'
import { controllerBench } from './controller-bench.ts'
import { CLIENT_SIGNER, KUBELET_CLIENT_SIGNER } from './signer-rules.ts'

const request = (
  signerName: string,
  status: CertificateSigningRequest['status'] = {},
): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'r' },
  spec: {
    request: Buffer.from('-----BEGIN CERTIFICATE REQUEST-----').toString('base64'),
    signerName,
    usages: ['client auth', 'digital signature'],
    username: 'system:node:a',
  },
  status,
})

const approved = { conditions: [{ type: 'Approved', status: 'True' }] }

const unreadable: CertificateSigner = {
  read: () => Promise.reject(new UnreadableRequest('the request cannot be read')),
  sign: () => Promise.reject(new Error('asked to sign what nobody could read')),
}

test('a request that cannot be read has failed, once and for all', async () => {
  const bench = controllerBench((context) =>
    createCertificateSigningController(context, unreadable),
  )
  bench.api.put(certificateSigningRequests, request(CLIENT_SIGNER, approved))
  await bench.settle()
  const { status } = bench.api.get(certificateSigningRequests, { name: 'r' })!
  const failed = status?.conditions?.find(({ type }) => type === 'Failed')
  assert.equal(failed?.reason, 'SignerValidationFailure')
  assert.equal(failed?.message, 'the request cannot be read')
  assert.equal(status?.certificate, undefined)
  await bench.stop()
})

const node: CertificateSigner = {
  read: () =>
    Promise.resolve({
      commonName: 'system:node:a',
      organizations: ['system:nodes'],
      dnsNames: [],
      addresses: [],
      emails: [],
      uris: [],
    }),
  sign: () => Promise.resolve('signed'),
}

test('a request is approved when the right to make it comes after it', async () => {
  let isAllowed = false
  const decided: string[] = []
  const bench = controllerBench((context) => {
    const client: Client = {
      ...context.client,
      resource: (kind) => ({
        ...context.client.resource(kind),
        create: (review) => Promise.resolve({ ...review, status: { allowed: isAllowed } }),
        subresource: (_method, place, name) => {
          decided.push(`${place.name} ${name}`)
          return Promise.resolve(undefined as never)
        },
      }),
    }
    return createCertificateApprovingController({ ...context, client }, node)
  })
  bench.api.put(certificateSigningRequests, request(KUBELET_CLIENT_SIGNER))
  await bench.settle()
  assert.deepEqual(decided, [])
  isAllowed = true
  await bench.clock.advance(60_000)
  await bench.settle()
  assert.equal(decided[0], 'r approval')
  await bench.stop()
})
