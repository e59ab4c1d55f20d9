import { badRequest } from '#base/errors.ts'
import type { Call, ClusterContext, Outcome, Target } from '../context.ts'
import { findBackend } from './find-backend.ts'
import { readProxiedPath, readSubject } from './proxied-path.ts'

/** Where a request below `/proxy` of a pod, service or node goes on. */
export function openProxy(context: ClusterContext, call: Call, target: Target): Outcome {
  const subject = readSubject(target.name)
  if (subject === undefined) throw badRequest(`invalid request: ${JSON.stringify(target.name)}`)
  const { rest = '' } = readProxiedPath(call.request.path) ?? {}
  const query = call.request.query.toString()
  return {
    type: 'proxy',
    ...findBackend(context, target, subject),
    rest,
    path: `${rest || '/'}${query === '' ? '' : `?${query}`}`,
  }
}
