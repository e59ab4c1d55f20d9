import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { certificateSigningRequestKind as kind } from '../certificate-signing-request.ts'
import type { CertificateSigningRequest } from '../certificate-signing-request.ts'
import type { Subresource } from '../definition.ts'
import { errorsOf, made } from '../test-errors.ts'

const REQUEST_PEM = `-----BEGIN CERTIFICATE REQUEST-----
MIHiMIGKAgEAMCgxFzAVBgNVBAoMDnN5c3RlbTptYXN0ZXJzMQ0wCwYDVQQDDARq
YW5lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEovuaccMEfXWaxffKHCSpf8Iy
MgGPfvdfO0bptgqYOM6U45pU0QlL4zLQeH1vII1WNR1KwBvDjQnsqdQ0PtOlQ6AA
MAoGCCqGSM49BAMCA0cAMEQCIBe249n3I4uaH1s50RTaxRDAXlUyJ3LMw91TIi6i
0T64AiBYS2taK5nsl1pszcA+hMhRejImzV/ZdsrUwpSyOubJZg==
-----END CERTIFICATE REQUEST-----
`
const CERTIFICATE_PEM = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUCBX+ouwEqMOnas8xKI6wVGJXBPYwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEamFuZTAgFw0yNjExMjUwNzQ1NTdaGA8yMTI2MTEwMTA3NDU1
N1owDzENMAsGA1UEAwwEamFuZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKL7
mnHDBH11msX3yhwkqX/CMjIBj373XztG6bYKmDjOlOOaVNEJS+My0Hh9byCNVjUd
SsAbw40J7KnUND7TpUOjUzBRMB0GA1UdDgQWBBTTsSC2pVFYWcMBGLs4o9/xrZ6P
hzAfBgNVHSMEGDAWgBTTsSC2pVFYWcMBGLs4o9/xrZ6PhzAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCID7KHIvqpCS2/UDeB4mBwwmRyaX00dPhItDR
8xp7PpPnAiEA5H6kXkM7Rv1aiSp+76RsP27LmPoQqfBo7o43N1g4/hY=
-----END CERTIFICATE-----
`
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const CERTIFICATE = base64(CERTIFICATE_PEM)
const SPEC = {
  request: base64(REQUEST_PEM),
  signerName: 'example.com/signer',
  usages: ['client auth'],
}
const withSpec = (changes: Record<string, unknown>) => ({ spec: { ...SPEC, ...changes } })

describe('validateSigningRequest', () => {
  test('takes a request that is signed with its own key', () => {
    assert.deepEqual(errorsOf(kind, withSpec({})), [])
  })

  test('refuses a request whose subject is not what was signed', () => {
    const [head, body, ...rest] = REQUEST_PEM.split('\n')
    const changed = [head, body!.replace('MDnN5c3', 'MDnN5c4'), ...rest].join('\n')
    assert.notEqual(changed, REQUEST_PEM)
    const errors = errorsOf(kind, withSpec({ request: base64(changed) }))
    assert.equal(errors.length, 1)
    assert.match(errors[0]!, /^spec\.request: .*signature does not match/)
  })

  test('refuses what is no request', () => {
    for (const text of ['', 'x', CERTIFICATE_PEM])
      assert.deepEqual(errorsOf(kind, withSpec({ request: base64(text) })), [
        `spec.request: Invalid value: "${base64(text)}": PEM block type must be CERTIFICATE REQUEST`,
      ])
    const cut = REQUEST_PEM.replace(/0T64[\s\S]*==\n/, '')
    assert.equal(errorsOf(kind, withSpec({ request: base64(cut) })).length, 1)
  })

  const names: Record<string, RegExp> = {
    '': /^spec\.signerName: Required value: signerName must be provided$/,
    'example.com': /fully qualified domain and path of the form 'example\.com\/signer-name'$/,
    'a.b/c/d': /fully qualified domain and path of the form 'example\.com\/signer-name'$/,
    'com/signer': /"com": should be a domain with at least two segments separated by dots$/,
    'Example.com/a':
      /Invalid value: "Example\.com": validating label "Example": a lowercase RFC 1123/,
    'kubernetes.io/legacy-unknown': /the legacy signerName is not allowed via this API version$/,
  }
  for (const [signerName, expected] of Object.entries(names))
    test(`refuses the signer "${signerName}"`, () => {
      const errors = errorsOf(kind, withSpec({ signerName }))
      assert.equal(errors.length, 1)
      assert.match(errors[0]!, expected)
    })

  test('wants usages that there are, each once, and ten minutes', () => {
    assert.deepEqual(errorsOf(kind, withSpec({ usages: [], expirationSeconds: 599 })), [
      'spec.usages: Required value: usages must be provided',
      'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
    ])
    const errors = errorsOf(kind, withSpec({ usages: ['signing', 'flying', 'signing'] }))
    assert.match(errors[0]!, /^spec\.usages\[1\]: Unsupported value: "flying"/)
    assert.equal(errors[1], 'spec.usages[2]: Duplicate value: "signing"')
  })
})

const JANE = { user: { username: 'jane', uid: 'u', groups: ['g'] }, now: 0 }
const APPROVED = { type: 'Approved', status: 'True' }
const DENIED = { type: 'Denied', status: 'True' }

/** What a write of `status` through a subresource makes of a request that has `before`. */
function written(status: object, subresource: Subresource | undefined, before: object = {}) {
  const old = made(kind, { ...withSpec({}), status: before })
  const request = made(kind, { ...withSpec({ usages: ['any'] }), status })
  kind.prepare!(request, old, subresource, JANE)
  const errors = kind.validate(request, old, subresource)
  return { request, errors: errors.map(({ field, message }) => `${field}: ${message}`) }
}

describe('who may change what of a signing request', () => {
  test('who asks is who is asking, and nothing is decided at the start', () => {
    const forged = { username: 'admin', groups: ['system:masters'], extra: { a: ['b'] } }
    const request = made(kind, { ...withSpec(forged), status: { conditions: [APPROVED] } })
    kind.prepare!(request, undefined, undefined, JANE)
    const { username, uid, groups, extra } = request.spec
    assert.deepEqual(
      { username, uid, groups, extra },
      { username: 'jane', uid: 'u', groups: ['g'], extra: undefined },
    )
    assert.deepEqual(request.status, {})
  })

  test('an update changes neither what is asked for nor what was decided', () => {
    const { request, errors } = written({ conditions: [DENIED] }, undefined, {
      conditions: [APPROVED],
    })
    assert.deepEqual(errors, [])
    assert.deepEqual(request.spec.usages, SPEC.usages)
    assert.deepEqual(request.status?.conditions, [APPROVED])
  })

  test('approval decides, with times, and hands over no certificate', () => {
    const status = { conditions: [APPROVED], certificate: CERTIFICATE }
    const { request, errors } = written(status, 'approval')
    assert.deepEqual(errors, [])
    const time = '1970-01-01T00:00:00Z'
    assert.deepEqual(request.status, {
      conditions: [{ ...APPROVED, lastUpdateTime: time, lastTransitionTime: time }],
    })
  })

  test('status hands over the certificate once, and decides nothing', () => {
    const decided = { conditions: [APPROVED] }
    assert.deepEqual(written({ certificate: CERTIFICATE }, 'status').errors, [])
    assert.deepEqual(written(decided, 'status').errors, [
      'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
    ])
    assert.deepEqual(
      written({ certificate: base64(`${CERTIFICATE_PEM}\n`) }, 'status', {
        certificate: CERTIFICATE,
      }).errors,
      ['status.certificate: Forbidden: updates may not modify existing certificate content'],
    )
    assert.deepEqual(written({ certificate: base64('x') }, 'status').errors, [
      'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
    ])
  })

  test('what was decided is neither taken back nor turned round', () => {
    const before: Partial<CertificateSigningRequest['status']> = { conditions: [APPROVED] }
    assert.deepEqual(written({ conditions: [] }, 'approval', before!).errors, [
      'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
    ])
    assert.deepEqual(written({ conditions: [APPROVED, DENIED] }, 'approval', before!).errors, [
      'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    ])
  })
})
