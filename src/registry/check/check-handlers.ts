// `ccs registry fsck`.
import { jsonResponse } from '../http-message.ts'
import type { Handler } from '../services.ts'
import { fsck } from './fsck.ts'

export const runFsck: Handler<'fsck'> = async ({ services, request }) =>
  jsonResponse(
    await fsck(services, {
      deep: request.query.get('deep') === 'true',
      repair: request.query.get('repair') === 'true',
    }),
  )
