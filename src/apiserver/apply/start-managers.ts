// Who manages an object before it is applied to for the first time.
import type { Place } from './apply-config.ts'
import { compare } from './compare.ts'
import { identityOf, type Manager, type Managers, NO_MANAGERS, readManagers } from './managers.ts'
import type { Writer } from './track-update.ts'
import { manageableIn, typeOf } from './typed-object.ts'

const BEFORE = 'before-first-apply'

/** What is there and nobody is known to manage belongs to those who came before. */
export function startManagers({ resource, live }: Place, { time }: Writer): Managers {
  if (live === undefined) return NO_MANAGERS
  const known = readManagers(live.metadata.managedFields)
  if (known !== undefined && known.size > 0) return known
  const { added } = compare(typeOf(resource), {}, manageableIn(resource, live))
  if (added === undefined) return NO_MANAGERS
  const { apiVersion } = resource
  const one: Manager = {
    manager: BEFORE,
    operation: 'Update',
    apiVersion,
    subresource: '',
    time,
    fields: added,
  }
  return new Map([[identityOf(one), one]])
}
