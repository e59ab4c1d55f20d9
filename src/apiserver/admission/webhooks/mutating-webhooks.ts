// Puts what is written to every webhook that may change it, one after the other.
import { deepEqual } from '#kinds/validate/equal.ts'
import type { KubeObject } from '#kinds/object.ts'
import { internalError } from '../../api-errors.ts'
import type { Draft } from '../../context.ts'
import { prepareWrite } from '../../objects/prepare-write.ts'
import { applyJsonPatch } from '../../patch/json-patch.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../plugin.ts'
import { askHook } from './ask-hook.ts'
import { noteMutation, notePatch, type Turn } from './audit-notes.ts'
import type { HookContext } from './hook-context.ts'
import type { HookList } from './hook-list.ts'
import { type Invocation, isAskable, matchHook } from './match-hook.ts'
import { meetsConditions } from './match-conditions.ts'
import { presented, takenBack } from './object-forms.ts'
import type { PatchOperations } from './read-patch.ts'
import { takeBackShown } from './take-back-shown.ts'
import { unidentified } from './unidentified.ts'

/** What has been asked for one request, so that a second round asks only those it must. */
interface Asked {
  /** Webhooks that want to be asked again when somebody after them changes the object. */
  reinvocable: Set<string>
  /** Those of them after whom somebody did. */
  again: Set<string>
  /** The object as the webhooks of the last round left it. */
  left: KubeObject | undefined
}

export function mutatingWebhooks(context: HookContext, list: HookList): AdmissionPlugin {
  const asked = new WeakMap<AdmissionRequest, Asked>()
  return {
    name: 'MutatingAdmissionWebhook',
    asksOfUnstored: true,
    async admit(request) {
      if (list.hooks.length === 0 || !isAskable(request)) return
      const state = asked.get(request) ?? startState()
      asked.set(request, state)
      const isSecond = request.round?.isSecond === true
      if (isSecond && !deepEqual(state.left, request.object)) askAgain(state)
      for (const [index, hook] of list.hooks.entries()) {
        if (isSecond && !state.again.has(hook.id)) continue
        const matched = matchHook(context, hook, request)
        if (matched === undefined) continue
        const invocation = { ...matched, request: unidentified(matched.request) }
        const turn: Turn = { round: isSecond ? 1 : 0, index }
        const changed = await ask(context, { invocation, turn, request })
        if (changed) {
          askAgain(state)
          if (request.round !== undefined) request.round.wantsSecond = true
        }
        if (changed !== undefined && hook.reinvoke) state.reinvocable.add(hook.id)
      }
      state.left = structuredClone(request.object)
    },
  }
}

const startState = (): Asked => ({ reinvocable: new Set(), again: new Set(), left: undefined })

function askAgain({ reinvocable, again }: Asked): void {
  for (const id of reinvocable) again.add(id)
  reinvocable.clear()
}

interface Asking {
  /** The request as the webhook sees it. */
  invocation: Invocation
  turn: Turn
  /** The request itself. */
  request: AdmissionRequest
}

/** Whether the webhook changed the object; undefined when its conditions were not met. */
async function ask(context: HookContext, asking: Asking): Promise<boolean | undefined> {
  const { invocation, turn, request } = asking
  const { hook, to, request: seen } = invocation
  const isOwnKind = seen.objectKind === undefined
  const { object } = seen
  const form = object !== undefined && isOwnKind ? await presented(to, object) : object
  if (!(await meetsConditions(context, { invocation, object: form }))) return undefined
  let mutated = false
  try {
    const operations = await askHook(context, { invocation, turn, mutating: true, object: form })
    if (operations !== undefined && operations.length > 0)
      mutated = await apply(context, asking, { form, operations })
    return mutated
  } finally {
    noteMutation(request, hook, turn, mutated)
  }
}

interface Change {
  form: KubeObject | undefined
  operations: PatchOperations
}

async function apply(
  context: HookContext,
  { invocation, turn, request }: Asking,
  { form, operations }: Change,
): Promise<boolean> {
  const { hook, from, request: seen } = invocation
  if (form === undefined || request.object === undefined)
    throw internalError(
      `admission webhook "${hook.name}" attempted to modify the object, which is not supported for this operation`,
    )
  const changed = await toInternal(() => applyJsonPatch(structuredClone(form), operations))
  notePatch(request, hook, turn, operations)
  if (seen.objectKind !== undefined)
    return toInternal(() => takeBackShown({ request, kind: seen.objectKind!, from }, changed))
  const next = await toInternal(() => takenBack(invocation, changed))
  keepIdentity(next, request)
  const draft = request.object as Draft
  const { old, subresource, user } = request
  prepareWrite(context, from, { draft: next, old, subresource, user })
  if (deepEqual(next, draft)) return false
  for (const key of Object.keys(draft)) delete (draft as Record<string, unknown>)[key]
  Object.assign(draft, next)
  return true
}

/** What a patch fails at is nobody's request: Kubernetes answers it as an error of its own. */
async function toInternal<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw internalError((error as Error).message, error)
  }
}

const SERVER_FIELDS = [
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const

/** What no client may say, nobody who is asked about a write may say either. */
export function keepIdentity(next: Draft, request: AdmissionRequest): void {
  const { operation, isNameGenerated } = request
  const { metadata } = request.object as Draft
  const fields = operation === 'CREATE' ? SERVER_FIELDS : (['name', ...SERVER_FIELDS] as const)
  for (const field of fields) {
    delete next.metadata[field as 'uid']
    if (metadata[field] !== undefined) Object.assign(next.metadata, { [field]: metadata[field] })
  }
  // Whoever saw no name may give one.
  if (isNameGenerated === true) next.metadata.name ||= metadata.name
}
