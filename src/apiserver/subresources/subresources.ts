// Which subresource is answered by whom.
import { admitConnection } from '../admission/admit-connection.ts'
import { methodNotAllowed, unknownResource } from '../api-errors.ts'
import type { Call, ClusterContext, Outcome, Target } from '../context.ts'
import { isServed } from '../discovery/subresource-entries.ts'
import type { ResourceRequest } from '../request-info.ts'
import type { ServedResource } from '../resources.ts'
import { openProxy } from '../proxy/open-proxy.ts'
import { get } from '../verbs/get.ts'
import { patch } from '../verbs/patch.ts'
import { update } from '../verbs/update.ts'
import { bindPod } from './binding.ts'
import { evictPod } from './eviction.ts'
import { readLog } from './log.ts'
import { openAttach, openExec, openPortForward } from './pod-stream.ts'
import { getScale, patchScale, updateScale } from './scale.ts'
import { createToken } from './token.ts'

export type SubresourceHandler = (
  context: ClusterContext,
  call: Call,
  target: Target,
) => Promise<Outcome> | Outcome

type Verbs = Readonly<Record<string, SubresourceHandler>>

/** A stream is opened once admission had its say, by either method. */
function connection(open: SubresourceHandler): Verbs {
  const handler: SubresourceHandler = async (context, call, target) => {
    await admitConnection(context, call, target)
    return open(context, call, target)
  }
  return { get: handler, create: handler }
}

/** Every verb goes on to the other server. */
const proxy: Verbs = Object.fromEntries(
  ['get', 'create', 'update', 'patch', 'delete'].map((verb) => [verb, openProxy]),
)

const HANDLERS: Readonly<Record<string, Verbs>> = {
  status: { get, update, patch },
  resize: { get, update, patch },
  ephemeralcontainers: { get, update, patch },
  approval: { get, update, patch },
  finalize: { update },
  scale: { get: getScale, update: updateScale, patch: patchScale },
  binding: { create: bindPod },
  eviction: { create: evictPod },
  token: { create: createToken },
  log: { get: readLog },
  exec: connection(openExec),
  attach: connection(openAttach),
  portforward: connection(openPortForward),
  proxy,
}

export interface SubresourceRequest {
  info: ResourceRequest
  resource: ServedResource
  subresource: string
}

export type SubresourceHandlers = (
  context: ClusterContext,
  call: Call,
  request: SubresourceRequest,
) => Promise<Outcome> | Outcome

export const answerSubresource: SubresourceHandlers = (context, call, request) => {
  const { info, resource, subresource } = request
  if (info.name === undefined || !isServed(resource, subresource)) throw unknownResource()
  if (resource.namespaced !== (info.namespace !== undefined) && info.resource !== 'namespaces')
    throw unknownResource()
  const handler = HANDLERS[subresource]?.[info.verb]
  if (handler === undefined) throw methodNotAllowed()
  const namespace = resource.namespaced ? info.namespace : undefined
  return handler(context, call, { resource, namespace, name: info.name, subresource })
}
