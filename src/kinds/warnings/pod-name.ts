import type { KubeObject } from '../object.ts'
import { checkDnsLabel } from '../names.ts'

/** Of a kind whose pods, and so their hosts, are called after it; `use` is what becomes of the name. */
export function podNameWarnings(
  { metadata }: KubeObject,
  use: 'Pod names and hostnames' | "the Pod's hostname" = 'Pod names and hostnames',
): string[] {
  const wrong = checkDnsLabel(metadata.name)
  return wrong.length === 0
    ? []
    : [
        `metadata.name: this is used in ${use}, which can result in surprising behavior; a DNS label is recommended: [${wrong.join(' ')}]`,
      ]
}
