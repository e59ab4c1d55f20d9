// Puts what is written to every webhook that may change it, one after the other.
import { deepEqual } from '#kinds/validate/equal.ts'
import type { KubeObject } from '#kinds/object.ts'
import { internalError } from '../../api-errors.ts'
import type { Draft } from '../../context.ts'
import { prepareWrite } from '../../objects/prepare-write.ts'
import { applyJsonPatch, isJsonPatch } from '../../patch/json-patch.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../plugin.ts'
import { askHook } from './ask-hook.ts'
import type { HookContext } from './hook-context.ts'
import type { HookList } from './hook-list.ts'
import { type Invocation, isAskable, matchHook } from './match-hook.ts'
import { meetsConditions } from './match-conditions.ts'
import { presented, takenBack } from './object-forms.ts'

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
      for (const hook of list.hooks) {
        if (isSecond && !state.again.has(hook.id)) continue
        const invocation = matchHook(context, hook, request)
        if (invocation === undefined) continue
        const changed = await ask(context, invocation)
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

/** Whether the webhook changed the object; undefined when it was not asked. */
async function ask(context: HookContext, invocation: Invocation): Promise<boolean | undefined> {
  const { to, request } = invocation
  const { object, objectKind } = request
  const isOwnKind = objectKind === undefined
  const form = object !== undefined && isOwnKind ? await presented(to, object) : object
  if (!(await meetsConditions(context, { invocation, object: form }))) return undefined
  const verdict = await askHook(context, { invocation, mutating: true, object: form })
  if (verdict === undefined) return undefined
  const { patch } = verdict
  if (patch === undefined) return false
  return apply(context, invocation, { patch, form })
}

async function apply(
  context: HookContext,
  invocation: Invocation,
  { patch, form }: { patch: string; form: KubeObject | undefined },
): Promise<boolean> {
  const { hook, from, request } = invocation
  const operations = readPatch(patch)
  if (operations.length === 0) return false
  if (form === undefined || request.object === undefined || request.objectKind !== undefined)
    throw internalError(
      `admission webhook "${hook.name}" attempted to modify the object, which is not supported for this operation`,
    )
  const draft = request.object as Draft
  const next = await patched(invocation, { form, operations })
  keepIdentity(next, draft, request.operation)
  const { old, subresource, user } = request
  prepareWrite(context, from, { draft: next, old, subresource, user })
  if (deepEqual(next, draft)) return false
  for (const key of Object.keys(draft)) delete (draft as Record<string, unknown>)[key]
  Object.assign(draft, next)
  return true
}

type Operations = Parameters<typeof applyJsonPatch>[1]

function readPatch(text: string): Operations {
  try {
    const value = JSON.parse(text) as unknown
    if (isJsonPatch(value)) return value
  } catch (error) {
    throw internalError((error as Error).message, error)
  }
  throw internalError('the patch is no list of operations with op and path')
}

async function patched(
  invocation: Invocation,
  { form, operations }: { form: KubeObject; operations: Operations },
): Promise<Draft> {
  try {
    const value = applyJsonPatch(structuredClone(form), operations)
    return await takenBack(invocation, value)
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
export function keepIdentity(
  next: Draft,
  { metadata }: Draft,
  operation: AdmissionRequest['operation'],
): void {
  const fields = operation === 'CREATE' ? SERVER_FIELDS : (['name', ...SERVER_FIELDS] as const)
  for (const field of fields) {
    delete next.metadata[field as 'uid']
    if (metadata[field] !== undefined) Object.assign(next.metadata, { [field]: metadata[field] })
  }
}
