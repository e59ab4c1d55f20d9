// Containers added to a running pod stay as they were added.
import type { FieldError } from '../definition.ts'
import type { Pod } from '../k8s/core.ts'
import { deepEqual } from './equal.ts'
import { forbidden } from './field-error.ts'
import { goDiff } from './go-diff.ts'
import { validatePodSpec } from './pod-spec.ts'

/** Set on pods that stand for one which a node runs by itself. */
const MIRROR = 'kubernetes.io/config.mirror'

export const isMirror = ({ metadata }: Pod): boolean => metadata.annotations?.[MIRROR] !== undefined

/** ValidatePodEphemeralContainersUpdate of k8s.io/kubernetes pkg/apis/core/validation. */
export function validateEphemeralUpdate(pod: Pod, old: Pod): FieldError[] {
  if (isMirror(old)) return [forbidden('', 'static pods do not support ephemeral containers')]
  const field = 'spec.ephemeralContainers'
  const wanted = new Map((pod.spec.ephemeralContainers ?? []).map((one) => [one.name, one]))
  const errors = validatePodSpec(pod.spec, 'spec')
  for (const before of old.spec.ephemeralContainers ?? []) {
    const after = wanted.get(before.name)
    const name = JSON.stringify(before.name)
    if (after === undefined)
      errors.push(forbidden(field, `existing ephemeral containers ${name} may not be removed\n`))
    else if (!deepEqual(before, after))
      errors.push(
        forbidden(
          field,
          `existing ephemeral containers ${name} may not be changed\n${goDiff(before, after)}`,
        ),
      )
  }
  return errors
}
