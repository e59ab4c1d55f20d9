// `ccs registry retention`: what the rules of a project would do, and doing it.
import { jsonResponse } from '../http-message.ts'
import { RegistryError } from '../registry-error.ts'
import type { Call, Handler } from '../services.ts'

export const previewRetention: Handler<'retention'> = (call) =>
  jsonResponse(call.services.retention.plan(projectOf(call)))

export const applyRetention: Handler<'retention'> = (call) =>
  jsonResponse(call.services.retention.apply(projectOf(call)))

function projectOf({ request }: Call<'retention'>): string {
  const project = request.query.get('project') ?? ''
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(project)) return project
  throw new RegistryError('NAME_INVALID', 'name a project: ?project=NAME')
}
