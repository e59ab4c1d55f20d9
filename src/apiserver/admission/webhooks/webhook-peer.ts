// An admission webhook in memory, for unit tests: answers reviews by a function.
import { text } from 'node:stream/consumers'
import { systemClock } from '#base/clock.ts'
import { createAuthority } from '#identity/authority.ts'
import { issueServerCertificate } from '#identity/leaf-certificate.ts'
import type { FakePeer } from '../../outgoing/fake-dial.ts'
import type { Json } from '../../test-cluster.ts'

// TLS knows no other time than the real one.
const clock = systemClock
const authority = await createAuthority({ commonName: 'webhook CA', clock })
const certificate = await issueServerCertificate({
  authority,
  names: ['hook.test', 'hook.default.svc'],
  addresses: [],
  clock,
})

/** What a configuration names as its caBundle. */
export const HOOK_CA_BUNDLE = Buffer.from(authority.certificatePem).toString('base64')

export const HOOK_URL = 'https://hook.test:8443/answer'
export const HOOK_PLACE = 'hook.test:8443'

export type Review = Json

/** Answers each review with what `respond` gives; the uid is filled in. */
export function webhookPeer(respond: (request: Json, path: string) => object | Promise<object>) {
  const peer: FakePeer = {
    tls: certificate,
    handle: (request, response) => {
      void text(request).then(async (body) => {
        const review = JSON.parse(body) as Json
        const asked = review['request']!
        const answer = await respond(asked, request.url ?? '')
        response.setHeader('content-type', 'application/json')
        response.end(
          JSON.stringify({
            apiVersion: review['apiVersion'],
            kind: review['kind'],
            response: { uid: asked['uid'], ...answer },
          }),
        )
      })
    },
  }
  return peer
}
