import type { KubeObject } from '../object.ts'
import { checkDnsLabel } from '../names.ts'

/** Of a kind whose pods, and so their hosts, are called after it. */
export function podNameWarnings({ metadata }: KubeObject): string[] {
  const wrong = checkDnsLabel(metadata.name)
  return wrong.length === 0
    ? []
    : [
        `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${wrong.join(' ')}]`,
      ]
}
