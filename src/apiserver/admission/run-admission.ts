import type { KeyedDraft } from '../objects/object-storage.ts'
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts'

/** A request whose plugins have been asked. */
export interface Admitted {
  request: AdmissionRequest
  /** What else the commit is to write, as of now; throws a StatusError when that refuses it. */
  joined(): KeyedDraft[]
  /** Undoes what plugins set aside for it. */
  abandon(): void
}

export type AdmissionSubject = Omit<AdmissionRequest, 'onAbandoned' | 'joinCommit' | 'round'>

export async function admit(
  plugins: readonly AdmissionPlugin[],
  subject: AdmissionSubject,
): Promise<Admitted> {
  const undos: (() => void)[] = []
  const joins: (() => readonly KeyedDraft[])[] = []
  const round = { isSecond: false, wantsSecond: false }
  const request: AdmissionRequest = {
    ...subject,
    round,
    onAbandoned: (undo) => void undos.push(undo),
    joinCommit: (make) => void joins.push(make),
  }
  const abandon = () => {
    for (const undo of undos.splice(0)) undo()
  }
  try {
    for (const plugin of plugins) await plugin.admit?.(request)
    if (round.wantsSecond) {
      if (followName(request)) abandon()
      round.isSecond = true
      for (const plugin of plugins) await plugin.admit?.(request)
    }
  } catch (error) {
    abandon()
    throw error
  }
  return { request, abandon, joined: () => joins.flatMap((make) => make()) }
}

/** Whether the object was given another name: what was set aside for the one before is nobody's then. */
function followName(request: AdmissionRequest): boolean {
  const { operation, object, objectKind, name, isNameGenerated } = request
  if (operation !== 'CREATE' || objectKind !== undefined || object === undefined) return false
  const { name: given } = object.metadata as { name?: string }
  if ((given ?? '') === name) return false
  request.name = given ?? ''
  request.isNameGenerated = isNameGenerated === true ? false : isNameGenerated
  return true
}

export async function validateAdmission(
  plugins: readonly AdmissionPlugin[],
  { request }: Admitted,
): Promise<void> {
  for (const plugin of plugins) await plugin.validate?.(request)
}
