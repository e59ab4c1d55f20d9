import { rfc3339 } from '#base/clock.ts'
import { badRequest, conflict, notFound } from '#base/errors.ts'
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

/** What the token volume of every pod asks for. Kubernetes takes it as: a client that may never look again. */
const LENIENT_SECONDS = 3607
const LENIENT_LIFE_SECONDS = 365 * 24 * 3600

const EXPIRATION_SECONDS = { min: 600, max: 2 ** 32, standard: 3600 }

/** Issues a token for a service account, bound to a pod, secret or node where one is named. */
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
    ...lifeOf(expirationSeconds, audiences.includes(context.tokens.issuer)),
    claim: { namespace, serviceaccount: { name, uid }, ...boundClaim(context, request, target) },
  })
  // What the client is told is when to come again, also where the token lives longer.
  const told = Math.min(expiresAtMs, context.clock.now() + expirationSeconds * 1000)
  const answer = {
    kind: TOKEN_REQUEST.kind,
    apiVersion: TOKEN_REQUEST.apiVersion,
    metadata: { name, namespace, uid, creationTimestamp: rfc3339(context.clock.now()) },
    // Kubernetes writes the reference also where there is none.
    spec: { ...spec, audiences, expirationSeconds, boundObjectRef: spec.boundObjectRef ?? null },
    status: { token, expirationTimestamp: rfc3339(told) },
  }
  return { type: 'object', status: 201, object: answer }
}

/** A pod's own token for the API lives on after it should have been replaced, and is called stale then. */
const lifeOf = (asked: number, forServer: boolean) =>
  asked === LENIENT_SECONDS && forServer
    ? { expirationSeconds: LENIENT_LIFE_SECONDS, warnAfterSeconds: asked }
    : { expirationSeconds: asked }

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

/** Kinds a token can be bound to, with their plural. */
const BINDABLE: Readonly<Record<string, string>> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' }

type Bound = Pick<ServiceAccountClaim, 'pod' | 'secret' | 'node'>

/** What a token is bound to; for a pod also the node it runs on. */
function boundClaim(context: ClusterContext, { spec }: TokenRequest, target: Target): Bound {
  const reference = spec.boundObjectRef
  // A reference that names nothing is none.
  if (!reference?.kind && !reference?.name) return {}
  const { apiVersion = '', kind = '', name = '', uid: wanted } = reference
  const plural = apiVersion === 'v1' || apiVersion === '' ? BINDABLE[kind] : undefined
  if (plural === undefined)
    throw badRequest(`cannot bind token to object of type ${goKind(apiVersion, kind)}`)
  const namespace = kind === 'Node' ? undefined : target.namespace
  const bound = find(context, plural, namespace, name)
  if (bound === undefined) throw notFound({ group: '', resource: plural }, name)
  const uid = bound.metadata.uid!
  if (wanted && wanted !== uid)
    throw conflict(
      { group: '', resource: kind },
      name,
      `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  if (kind === 'Secret') return { secret: { name, uid } }
  if (kind === 'Node') return { node: { name, uid } }
  return { pod: { name, uid }, ...placeOf(context, bound as Pod, target.name) }
}

function placeOf(context: ClusterContext, { spec }: Pod, account: string): Bound {
  const { nodeName, serviceAccountName } = spec
  if (serviceAccountName !== account)
    throw badRequest(
      `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
    )
  if (!nodeName) return {}
  const uid = find(context, 'nodes', undefined, nodeName)?.metadata.uid
  return { node: { name: nodeName, ...(uid === undefined ? {} : { uid }) } }
}

const find = (
  { objects }: ClusterContext,
  plural: string,
  namespace: string | undefined,
  name: string,
) => objects.get(keyFor({ prefix: prefixFor('', plural) }, namespace, name))?.object

/** "/v1, Kind=Pod", as Go writes a kind. */
function goKind(apiVersion: string, kind: string): string {
  return `${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}`
}
