import type { KubeObject } from '#kinds/object.ts'
import type { Check, CheckContext } from './check.ts'

/** On objects of users: whoever puts it there says when it may go. */
export const HOLD = 'simulation.test/hold'

export interface FinalizersHonoured extends Check {
  /** From now on its user may take the hold off this object. */
  letGo(uid: string | undefined): void
}

/** A finalizer of somebody stays, and the object with it, until that one takes it off. */
export function finalizersHonoured({ state, report }: CheckContext): FinalizersHonoured {
  const free = new Set<string | undefined>()
  const isHeld = (object: KubeObject | undefined) =>
    object?.metadata.finalizers?.includes(HOLD) ?? false
  return {
    letGo: (uid) => void free.add(uid),
    changed({ type, kind, key, object, previous }) {
      const isOff = isHeld(previous) && (type === 'DELETED' || !isHeld(object))
      if (isOff && !free.has(object.metadata.uid))
        report(`${state.name}: nobody took the finalizer ${HOLD} off ${kind} ${key}, and it is off`)
    },
  }
}
