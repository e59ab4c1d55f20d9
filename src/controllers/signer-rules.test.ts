import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RequestedCertificate } from '#identity/sign-request.ts'
import {
  CLIENT_SIGNER,
  isOurSigner,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  refusalOf,
} from './signer-rules.ts'

const nobody: RequestedCertificate = {
  commonName: 'jane',
  organizations: ['dev'],
  dnsNames: [],
  addresses: [],
  emails: [],
  uris: [],
}
const node = { ...nobody, commonName: 'system:node:a', organizations: ['system:nodes'] }
const CLIENT = ['client auth', 'digital signature']
const SERVER = ['server auth', 'digital signature', 'key encipherment']

type Case = [string, RequestedCertificate, string[], string | undefined]

const cases: Case[] = [
  [CLIENT_SIGNER, nobody, CLIENT, undefined],
  [CLIENT_SIGNER, nobody, ['client auth', 'key encipherment'], undefined],
  [CLIENT_SIGNER, nobody, ['server auth'], 'invalid usage for client certificate: server auth'],
  [
    CLIENT_SIGNER,
    nobody,
    ['digital signature'],
    'missing required usage for client certificate: client auth',
  ],
  [KUBELET_CLIENT_SIGNER, node, CLIENT, undefined],
  [KUBELET_CLIENT_SIGNER, nobody, CLIENT, 'subject organization is not system:nodes'],
  [
    KUBELET_CLIENT_SIGNER,
    { ...node, commonName: 'a' },
    CLIENT,
    'subject common name does not begin with system:node:',
  ],
  [
    KUBELET_CLIENT_SIGNER,
    { ...node, organizations: ['system:nodes', 'system:masters'] },
    CLIENT,
    'subject organization is not system:nodes',
  ],
  [
    KUBELET_CLIENT_SIGNER,
    { ...node, addresses: ['10.0.0.1'] },
    CLIENT,
    'IP subjectAltNames are not allowed',
  ],
  [
    KUBELET_CLIENT_SIGNER,
    node,
    ['client auth'],
    'usages did not match digital signature,client auth',
  ],
  [KUBELET_SERVING_SIGNER, node, SERVER, 'DNS or IP subjectAltName is required'],
  [KUBELET_SERVING_SIGNER, { ...node, dnsNames: ['a'] }, SERVER, undefined],
  [
    KUBELET_SERVING_SIGNER,
    { ...node, dnsNames: ['a'], uris: ['x:y'] },
    SERVER,
    'URI subjectAltNames are not allowed',
  ],
  [
    KUBELET_SERVING_SIGNER,
    { ...node, dnsNames: ['a'] },
    CLIENT,
    'usages did not match digital signature,server auth',
  ],
]

test('each signer signs what it is for, and says why not', () => {
  for (const [signer, asked, usages, why] of cases)
    assert.equal(refusalOf(signer, asked, usages), why, `${signer} ${usages.join()}`)
  assert.ok(isOurSigner(CLIENT_SIGNER))
  assert.ok(!isOurSigner('example.com/signer'))
  assert.ok(!isOurSigner('constructor'))
})
