// Puts what will be stored to every webhook that may refuse it, all at once.
import type { KubeObject } from '#kinds/object.ts'
import type { AdmissionPlugin } from '../plugin.ts'
import { askHook } from './ask-hook.ts'
import type { Turn } from './audit-notes.ts'
import type { HookList } from './hook-list.ts'
import type { HookContext } from './hook-context.ts'
import { type Invocation, isAskable, matchHook } from './match-hook.ts'
import { meetsConditions } from './match-conditions.ts'
import { presented } from './object-forms.ts'

export function validatingWebhooks(context: HookContext, list: HookList): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionWebhook',
    asksOfUnstored: true,
    async validate(request) {
      if (list.hooks.length === 0 || !isAskable(request)) return
      const invocations = list.hooks
        .map((hook) => matchHook(context, hook, request))
        .filter((one) => one !== undefined)
      if (invocations.length === 0) return
      const objects = presenter()
      const answers = await Promise.allSettled(
        invocations.map((invocation, index) =>
          ask(context, { invocation, turn: { round: 0, index }, objects }),
        ),
      )
      const refused = answers.find((answer) => answer.status === 'rejected')
      if (refused !== undefined) throw refused.reason
    },
  }
}

type Presenter = (invocation: Invocation) => Promise<KubeObject | undefined>

async function ask(
  context: HookContext,
  { invocation, turn, objects }: { invocation: Invocation; turn: Turn; objects: Presenter },
): Promise<void> {
  const object = await objects(invocation)
  if (!(await meetsConditions(context, { invocation, object }))) return
  await askHook(context, { invocation, turn, mutating: false, object })
}

/** One conversion for all webhooks that know the object in the same version. */
function presenter(): Presenter {
  const known = new Map<string, Promise<KubeObject>>()
  return ({ to, request: { object, objectKind } }) => {
    if (object === undefined || objectKind !== undefined) return Promise.resolve(object)
    const found = known.get(to.apiVersion) ?? presented(to, object)
    known.set(to.apiVersion, found)
    return found
  }
}
