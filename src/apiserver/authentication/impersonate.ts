// Impersonation (kubectl --as): acting as someone else, for those who may.
import type { IncomingHttpHeaders } from 'node:http'
import type { UserInfo } from '#base/api-call.ts'
import { badRequest } from '#base/errors.ts'
import { checkAccess } from '../authorization/check-access.ts'
import type { Authorizer } from '../authorization/authorizer.ts'

const EXTRA_PREFIX = 'impersonate-extra-'

/** The user to act as: the one the headers name, or the requester. */
export function impersonate(
  authorizer: Authorizer,
  requester: UserInfo,
  headers: IncomingHttpHeaders,
): UserInfo {
  const username = single(headers['impersonate-user'])
  const groups = all(headers['impersonate-group'])
  const uid = single(headers['impersonate-uid'])
  const extra = extraOf(headers)
  const namesMore = groups.length > 0 || uid !== undefined || Object.keys(extra).length > 0
  if (username === undefined) {
    if (namesMore) throw badRequest('requested impersonation without impersonating a user')
    return requester
  }
  const check = (group: string, resource: string, name: string, subresource?: string) =>
    checkAccess(authorizer, requester, {
      type: 'resource',
      verb: 'impersonate',
      group,
      version: 'v1',
      resource,
      subresource,
      namespace: undefined,
      name,
    })
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username)
  if (account === null) check('', 'users', username)
  else checkServiceAccount(authorizer, requester, account[1]!, account[2]!)
  for (const group of groups) check('', 'groups', group)
  if (uid !== undefined) check('authentication.k8s.io', 'uids', uid)
  for (const [key, values] of Object.entries(extra))
    for (const value of values) check('authentication.k8s.io', 'userextras', value, key)
  return {
    username,
    ...(uid === undefined ? {} : { uid }),
    groups: withStandardGroups(groups, username, account?.[1]),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}

function checkServiceAccount(
  authorizer: Authorizer,
  requester: UserInfo,
  namespace: string,
  name: string,
): void {
  checkAccess(authorizer, requester, {
    type: 'resource',
    verb: 'impersonate',
    group: '',
    version: 'v1',
    resource: 'serviceaccounts',
    subresource: undefined,
    namespace,
    name,
  })
}

function withStandardGroups(
  groups: string[],
  username: string,
  namespace: string | undefined,
): string[] {
  if (username === 'system:anonymous') return [...new Set([...groups, 'system:unauthenticated'])]
  const own =
    namespace === undefined || groups.length > 0
      ? []
      : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  return [...new Set([...groups, ...own, 'system:authenticated'])]
}

const single = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value[0] : value) || undefined

/** Node joins repeated headers it does not know by ", ". */
const all = (value: string | string[] | undefined): string[] =>
  (Array.isArray(value) ? value : (value?.split(', ') ?? [])).filter((one) => one !== '')

function extraOf(headers: IncomingHttpHeaders): Record<string, string[]> {
  const entries = Object.entries(headers)
    .filter(([key]) => key.startsWith(EXTRA_PREFIX))
    .map(([key, value]): [string, string[]] => [
      unescaped(key.slice(EXTRA_PREFIX.length)),
      all(value),
    ])
  return Object.fromEntries(entries)
}

/** What is no valid percent encoding is taken as it stands. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch (error) {
    if (error instanceof URIError) return key
    throw error
  }
}
