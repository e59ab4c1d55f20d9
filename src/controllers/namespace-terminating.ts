import { StatusError } from '#base/errors.ts'

/** Creations in a namespace that is being deleted fail for good, which is as it should be. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof StatusError &&
  (error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') ?? false)
