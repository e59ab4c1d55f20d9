import { rfc3339 } from '#base/clock.ts'
import { conflict, notFound } from '#base/errors.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import type { TokenRequest } from '#kinds/k8s/authentication.ts'
import { invalid } from '#kinds/validate/field-error.ts'
import { serviceAccountUser } from '../authentication/service-account-user.ts'
import { admitUnstored } from '../admission/admit-unstored.ts'
import { invalidObject } from '../api-errors.ts'
import type { ServiceAccountClaim } from '#identity/token-issuer.ts'
import type { Call, ClusterContext, Outcome, Target } from '../context.ts'
import { keyFor, prefixFor, resourceName } from '../resources.ts'
import { readBodyAs } from './read-body.ts'

const TOKEN_REQUEST = {
  kind: 'TokenRequest',
  apiVersion: 'authentication.k8s.io/v1',
  schema: 'io.k8s.api.authentication.v1.TokenRequest',
}

const EXPIRATION_SECONDS = { min: 600, max: 2 ** 32, standard: 3600 }

/** Issues a token for a service account, bound to a pod where one is named. */
export async function createToken(
  context: ClusterContext,
  call: Call,
  target: Target,
): Promise<Outcome> {
  const request = readBodyAs<TokenRequest>(call, TOKEN_REQUEST)
  const { resource, name } = target
  const namespace = target.namespace!
  const account = context.objects.get(keyFor(resource, namespace, name))
  if (account === undefined) throw notFound(resourceName(resource), name)
  await admitUnstored(context, call, {
    operation: 'CREATE',
    target,
    object: request,
    kind: { group: 'authentication.k8s.io', version: 'v1', kind: TOKEN_REQUEST.kind },
    dryRun: false,
  })
  const { spec } = request
  const expirationSeconds = checkExpiration(spec.expirationSeconds)
  const asked = spec.audiences ?? []
  const audiences = asked.length === 0 ? [context.tokens.issuer] : asked
  const uid = account.object.metadata.uid!
  const { token, expiresAtMs } = await context.tokens.issue({
    subject: serviceAccountUser({ namespace, name, uid }).username,
    audiences,
    expirationSeconds,
    claim: { namespace, serviceaccount: { name, uid }, ...boundClaim(context, request, namespace) },
  })
  const answer = {
    kind: TOKEN_REQUEST.kind,
    apiVersion: TOKEN_REQUEST.apiVersion,
    metadata: { name, namespace, uid, creationTimestamp: rfc3339(context.clock.now()) },
    // Kubernetes writes the reference also where there is none.
    spec: { ...spec, audiences, expirationSeconds, boundObjectRef: spec.boundObjectRef ?? null },
    status: { token, expirationTimestamp: rfc3339(expiresAtMs) },
  }
  return { type: 'object', status: 201, object: answer }
}

function checkExpiration(asked: number | undefined): number {
  const seconds = asked ?? EXPIRATION_SECONDS.standard
  const refuse = (why: string) =>
    invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
      invalid('spec.expirationSeconds', seconds, why),
    ])
  if (seconds < EXPIRATION_SECONDS.min)
    throw refuse('may not specify a duration less than 10 minutes')
  if (seconds > EXPIRATION_SECONDS.max)
    throw refuse('may not specify a duration larger than 2^32 seconds')
  return seconds
}

/** The pod a token is bound to, with the node it runs on. */
function boundClaim(
  context: ClusterContext,
  { spec }: TokenRequest,
  namespace: string,
): Pick<ServiceAccountClaim, 'pod' | 'node'> {
  const reference = spec.boundObjectRef
  if (reference === undefined) return {}
  const { kind = '', name = '' } = reference
  if (kind !== 'Pod')
    throw invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
      invalid('spec.boundObjectRef', reference, 'can only bind to a Pod'),
    ])
  const resource = { group: '', resource: 'pods' }
  const stored = context.objects.get(keyFor({ prefix: prefixFor('', 'pods') }, namespace, name))
  if (stored === undefined) throw notFound(resource, name)
  const { metadata, spec: podSpec } = stored.object as Pod
  const uid = metadata.uid!
  if (reference.uid && reference.uid !== uid)
    throw conflict(
      resource,
      name,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  const { nodeName } = podSpec
  return { pod: { name, uid }, ...(nodeName === undefined ? {} : { node: { name: nodeName } }) }
}
