// Objects in the version that a webhook asks for, and back: drafts are kept in the form in which they are
// stored, or, of a kind with a conversion webhook, in the version of the request.
import type { KubeObject } from '#kinds/object.ts'
import { toDraft } from '../../body.ts'
import type { Draft } from '../../context.ts'
import type { ServedResource } from '../../resources.ts'
import { shown } from '../../resources.ts'

export interface Forms {
  /** What the request was for. */
  from: ServedResource
  /** What the webhook is asked about: the same, or another version of it. */
  to: ServedResource
}

export async function presented(to: ServedResource, object: KubeObject): Promise<KubeObject> {
  const { conversion } = to
  if (conversion === undefined) return shown(to, object)
  const [converted] = await conversion.convert([object], to.apiVersion)
  return conversion.complete(converted!, object)
}

/** What a webhook made of it, read as if a client had sent it: pruned and defaulted. */
export async function takenBack({ from, to }: Forms, value: unknown): Promise<Draft> {
  const read = toDraft(to, { value, repeated: [] }, { fieldValidation: 'Ignore', warnings: [] })
  if (from.conversion === undefined || from === to) {
    from.definition.defaults(read)
    return read
  }
  const [converted] = await from.conversion.convert([read], from.apiVersion)
  return structuredClone(converted) as Draft
}
