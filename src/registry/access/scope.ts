// Scopes of tokens, as the token protocol of Docker's registry writes them: "repository:<name>:pull,push".
import { isRepositoryName } from '../repository-name.ts'
import type { Action } from './access.ts'

export interface RepositoryScope {
  type: 'repository'
  name: string
  actions: Action[]
}

/** What lists need that go over repositories. */
export interface CatalogScope {
  type: 'registry'
  name: 'catalog'
  actions: ['*']
}

export type Scope = RepositoryScope | CatalogScope

/** Scopes that one token may be asked for; a build with many base images asks for some dozens. */
export const SCOPES_MAX = 100

const tokenActions: ReadonlySet<string> = new Set(['pull', 'push', 'delete'])
/** In some clients "*" asks for all there is. */
const ALL: readonly Action[] = ['pull', 'push', 'delete']

export const catalogScope: CatalogScope = { type: 'registry', name: 'catalog', actions: ['*'] }

/**
 * Reads one scope; nothing when it is of a kind that does not exist here, as "repository(plugin)". A name
 * may begin with a host and its port, whose colon parts nothing.
 */
export function parseScope(text: string): Scope | undefined {
  if (text === 'registry:catalog:*') return catalogScope
  const end = text.lastIndexOf(':')
  const prefix = 'repository:'
  if (!text.startsWith(prefix) || end < prefix.length) return undefined
  const name = text.slice(prefix.length, end)
  const wanted = text.slice(end + 1).split(',')
  const actions = wanted.includes('*')
    ? [...ALL]
    : (wanted.filter((action) => tokenActions.has(action)) as Action[])
  if (!isRepositoryName(name) || actions.length === 0) return undefined
  return { type: 'repository', name, actions: [...new Set(actions)] }
}

/** Reads every `scope` parameter of a request; several may stand in one, parted by spaces. */
export const parseScopes = (texts: readonly string[]): Scope[] =>
  texts
    .flatMap((text) => text.split(' '))
    .filter(Boolean)
    .slice(0, SCOPES_MAX)
    .map(parseScope)
    .filter((scope) => scope !== undefined)

export const scopeText = ({ type, name, actions }: Scope): string =>
  `${type}:${name}:${actions.join(',')}`

/** Whether one of the scopes lets do `action` with `repository`. */
export const allows = (scopes: readonly Scope[], action: Action, repository: string): boolean =>
  scopes.some(
    (scope) =>
      scope.type === 'repository' && scope.name === repository && scope.actions.includes(action),
  )
