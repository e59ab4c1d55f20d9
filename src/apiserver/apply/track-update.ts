// Ownership after a write that is no apply: who writes owns what it changes.
import type { ManagedFieldsEntry } from '#kinds/k8s/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import { handOver, changesIn, type Step } from './claim.ts'
import { touched } from './compare.ts'
import { union } from './field-tree.ts'
import { ItemError } from './list-items.ts'
import {
  cappedManagers,
  identityOf,
  isReset,
  type Manager,
  type Managers,
  NO_MANAGERS,
  readManagers,
  writeManagers,
} from './managers.ts'

export interface Writer {
  manager: string
  /** RFC 3339. */
  time: string
}

/**
 * The managed fields of what `step` makes. `given` is what the client sent as such: it may forget them, or
 * put others in their place; what cannot be read counts for nothing.
 */
export function trackUpdate(
  step: Step,
  given: readonly ManagedFieldsEntry[] | undefined,
  writer: Writer,
): ManagedFieldsEntry[] | undefined {
  const before = managersBefore(step, given)
  try {
    return writeManagers(cappedManagers(afterUpdate(step, before, writer)))
  } catch (error) {
    // Items that cannot be told apart: validation says so, or let them be long ago. Nobody takes anything.
    if (error instanceof ItemError) return writeManagers(before)
    throw error
  }
}

function managersBefore(
  { live, subresource }: Step,
  given: readonly ManagedFieldsEntry[] | undefined,
): Managers {
  if (subresource === undefined) {
    if (isReset(given)) return NO_MANAGERS
    const sent = given === undefined ? undefined : readManagers(given)
    if (sent !== undefined && sent.size > 0) return sent
  }
  return readManagers(live?.metadata.managedFields) ?? NO_MANAGERS
}

function afterUpdate(step: Step, before: Managers, { manager, time }: Writer): Managers {
  const { resource, subresource = '' } = step
  const own = changesIn(step, resource)
  const { managers } = handOver(step, before, { own })
  const taken = touched(own)
  if (taken === undefined) return managers
  const name = {
    manager,
    operation: 'Update',
    apiVersion: resource.apiVersion,
    subresource,
  } as const
  const id = identityOf(name)
  const mine: Manager = { ...name, time, fields: union(managers.get(id)?.fields, taken)! }
  managers.set(id, mine)
  return managers
}

export function setManaged(draft: KubeObject, managed: ManagedFieldsEntry[] | undefined): void {
  if (managed === undefined) delete draft.metadata.managedFields
  else draft.metadata.managedFields = managed
}
