import type { AdmissionRequest } from '../plugin.ts'

/**
 * A request as those see it who may change its object. What makes a new object one of its own (its uid, its age, a
 * name that the server makes up) is written after them in Kubernetes, so nobody of them may rest on it.
 */
export function unidentified(request: AdmissionRequest): AdmissionRequest {
  const { operation, object, objectKind, isNameGenerated } = request
  if (operation !== 'CREATE' || object === undefined || objectKind !== undefined) return request
  const metadata: Partial<typeof object.metadata> = { ...object.metadata }
  delete metadata.uid
  delete metadata.creationTimestamp
  delete metadata.generation
  const seen = { ...object, metadata: metadata as typeof object.metadata }
  if (isNameGenerated !== true) return { ...request, object: seen }
  delete metadata.name
  return { ...request, name: '', object: seen }
}
