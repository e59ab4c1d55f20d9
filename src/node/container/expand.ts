/**
 * Replaces `$(NAME)` by its value as Kubernetes does: unknown names stay as written, `$$` is a `$`
 * that starts nothing.
 */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(\$|\(([^)]*)\))/g, (all, next: string, name: string | undefined) => {
    if (next === '$') return '$'
    return values.get(name ?? '') ?? all
  })
}
