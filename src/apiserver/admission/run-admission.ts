import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts'

/** A request whose plugins have been asked; `abandon` undoes what they set aside for it. */
export interface Admitted {
  request: AdmissionRequest
  abandon(): void
}

export type AdmissionSubject = Omit<AdmissionRequest, 'onAbandoned'>

export async function admit(
  plugins: readonly AdmissionPlugin[],
  subject: AdmissionSubject,
): Promise<Admitted> {
  const undos: (() => void)[] = []
  const request: AdmissionRequest = { ...subject, onAbandoned: (undo) => void undos.push(undo) }
  const abandon = () => {
    for (const undo of undos.splice(0)) undo()
  }
  try {
    for (const plugin of plugins) await plugin.admit?.(request)
  } catch (error) {
    abandon()
    throw error
  }
  return { request, abandon }
}

export async function validateAdmission(
  plugins: readonly AdmissionPlugin[],
  { request }: Admitted,
): Promise<void> {
  for (const plugin of plugins) await plugin.validate?.(request)
}
