import { createHash } from 'node:crypto'
import type { Container } from '#kinds/k8s/core.ts'

/**
 * Identity of what a running container cannot take over from a changed spec. As in Kubernetes that is
 * the image only: new defaults of a later version must not restart containers.
 */
export function containerHash({ name, image }: Container): string {
  return createHash('sha256')
    .update(JSON.stringify([name, image]))
    .digest('hex')
    .slice(0, 16)
}
