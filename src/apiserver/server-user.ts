import type { UserInfo } from '#base/api-call.ts'

/** As whom the server itself writes objects of its cluster. */
export const SERVER: UserInfo = { username: 'system:apiserver', groups: ['system:masters'] }
