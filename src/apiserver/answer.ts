// Answers one request of one logical cluster: may the user, what is meant, do it.
import { isReason } from '#base/errors.ts'
import { methodNotAllowed, PathNotFoundError, unknownResource } from './api-errors.ts'
import { checkAccess } from './authorization/check-access.ts'
import type { Call, ClusterContext, Outcome } from './context.ts'
import type { ResourceRequest } from './request-info.ts'
import { readRequest } from './request-info.ts'
import { readForm } from './http/negotiate.ts'
import type { ReviewHandlers } from './reviews/reviews.ts'
import type { PathHandler } from './path-handlers.ts'
import type { ServedResource } from './resources.ts'
import type { SubresourceHandlers } from './subresources/subresources.ts'
import { createFromRequest } from './verbs/create.ts'
import { deleteCollection } from './verbs/delete-collection.ts'
import { deleteFromRequest } from './verbs/delete.ts'
import { get } from './verbs/get.ts'
import { list } from './verbs/list.ts'
import { patch } from './verbs/patch.ts'
import { getComponent, listComponents } from './verbs/read-components.ts'
import { update } from './verbs/update.ts'
import { watch } from './verbs/watch.ts'

export interface Handlers {
  subresources: SubresourceHandlers
  reviews: ReviewHandlers
  paths: PathHandler
}

/**
 * Writes are held against the newest value accepted, which may still wait for the disk. A refusal for
 * that value's sake is told only once it can be read: who reads and tries again must not meet it unseen.
 */
export async function answer(
  context: ClusterContext,
  handlers: Handlers,
  call: Call,
): Promise<Outcome> {
  try {
    return await answerAllowed(context, handlers, call)
  } catch (error) {
    if (restsOnPending(call, error)) await context.objects.settled()
    throw error
  }
}

/** Writes look at what was accepted, reads at what is on the disk. */
function restsOnPending({ request }: Call, error: unknown): boolean {
  if (isReason(error, 'Conflict') || isReason(error, 'AlreadyExists')) return true
  return isReason(error, 'NotFound') && request.method !== 'GET'
}

async function answerAllowed(
  context: ClusterContext,
  handlers: Handlers,
  call: Call,
): Promise<Outcome> {
  const info = call.info ?? readRequest(call.request)
  call.decision = checkAccess(context.authorizer, call.user, info)
  if (info.type === 'path') return handlers.paths(call, info)
  const { group, version } = info
  const resource = context.resources.find(group, version, info.resource)
  if (resource === undefined) return answerOther(context, handlers, call, info)
  const wrongScope =
    !resource.namespaced && info.namespace !== undefined && info.resource !== 'namespaces'
  if (wrongScope) throw unknownResource()
  const { deprecation } = resource.definition
  if (deprecation !== undefined) call.warnings.push(deprecation)
  if (info.subresource !== undefined)
    return handlers.subresources(context, call, { info, resource, subresource: info.subresource })
  return answerVerb(context, call, resource, info)
}

async function answerOther(
  context: ClusterContext,
  handlers: Handlers,
  call: Call,
  info: ResourceRequest,
): Promise<Outcome> {
  const { group, version } = info
  const review = context.resources.review(group, version, info.resource)
  if (review === undefined) {
    if (!context.resources.hasVersion(group, version)) throw new PathNotFoundError()
    throw unknownResource()
  }
  if (info.verb !== 'create' || info.name !== undefined) throw methodNotAllowed()
  // Refused before it is answered.
  readForm(call.request.accept, { tables: false })
  return handlers.reviews(context, call, { review, namespace: info.namespace })
}

function answerVerb(
  context: ClusterContext,
  call: Call,
  resource: ServedResource,
  info: ResourceRequest,
): Promise<Outcome> | Outcome {
  if (!resource.verbs.includes(info.verb)) throw methodNotAllowed()
  const namespace = resource.namespaced ? info.namespace : undefined
  const { verb, name } = info
  if (resource.definition.isComputed)
    return verb === 'list'
      ? listComponents(context, call, resource)
      : getComponent(context, resource, name ?? '')
  switch (verb) {
    case 'list':
      return list(context, call, resource, namespace)
    case 'watch':
      return watch(context, call, resource, namespace)
    case 'deletecollection':
      return deleteCollection(context, call, resource, namespace)
    case 'create':
      if (name !== undefined) throw methodNotAllowed()
      return createFromRequest(context, call, resource, namespace)
    case 'get':
    case 'update':
    case 'patch':
    case 'delete': {
      if (name === undefined || (resource.namespaced && namespace === undefined))
        throw methodNotAllowed()
      const target = { resource, namespace, name, subresource: undefined }
      const verbs = { get, update, patch, delete: deleteFromRequest }
      return verbs[verb](context, call, target)
    }
  }
}
