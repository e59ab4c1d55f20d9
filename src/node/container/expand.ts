/**
 * Replaces `$(NAME)` by its value as Kubernetes does: unknown names stay as written unless `missing`
 * says otherwise, `$$` is a `$` that starts nothing.
 */
export function expand(
  text: string,
  values: ReadonlyMap<string, string>,
  missing?: (name: string) => string,
): string {
  return text.replaceAll(/\$(\$|\(([^)]*)\))/g, (all, next: string, name: string | undefined) => {
    if (next === '$') return '$'
    return values.get(name ?? '') ?? missing?.(name ?? '') ?? all
  })
}
