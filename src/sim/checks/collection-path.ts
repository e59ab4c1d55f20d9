/** "/core/pods/" of "/api/v1/pods"; undefined when the path is not that of all objects of a kind. */
export function collectionOfPath(path: string): string | undefined {
  const [, root, ...rest] = path.split('/')
  if (root === 'api' && rest.length === 2) return `/core/${rest[1]}/`
  if (root === 'apis' && rest.length === 3) return `/${rest[0]}/${rest[2]}/`
  return undefined
}
