// MutatingAdmissionPolicy: changes what is written.
import { StatusError } from '#base/errors.ts'
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '#kinds/k8s/admissionregistration.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { KubeObject } from '#kinds/object.ts'
import { forbidden } from '../../api-errors.ts'
import type { Draft } from '../../context.ts'
import { prepareWrite } from '../../objects/prepare-write.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../plugin.ts'
import { isAskable } from '../webhooks/match-hook.ts'
import { keepIdentity } from '../webhooks/mutating-webhooks.ts'
import { presented, takenBack } from '../webhooks/object-forms.ts'
import { unidentified } from '../webhooks/unidentified.ts'
import { isExpressionError } from './evaluation.ts'
import type { Invoked, PolicyContext } from './invoke-policy.ts'
import { invokePolicy } from './invoke-policy.ts'
import type { PatchKind } from './mutate.ts'
import { mutate } from './mutate.ts'
import { mutationStruct } from './mutation-structs.ts'
import type { Expressions, Part } from './policy-expressions.ts'
import { compileExpressions } from './policy-expressions.ts'
import type { PolicyList } from './policy-list.ts'

interface CompiledMutation {
  kind: PatchKind
  program: Part
}

interface CompiledPolicy {
  expressions: Expressions
  mutations: readonly CompiledMutation[]
}

export function compileMutatingPolicy({ spec }: MutatingAdmissionPolicy): CompiledPolicy {
  const expressions = compileExpressions(spec, { struct: mutationStruct })
  return {
    expressions,
    mutations: (spec.mutations ?? []).map(({ patchType, applyConfiguration, jsonPatch }) =>
      patchType === 'JSONPatch'
        ? { kind: patchType, program: expressions.compile(jsonPatch?.expression ?? '', ['list']) }
        : {
            kind: patchType,
            program: expressions.compile(applyConfiguration?.expression ?? '', ['object']),
          },
    ),
  }
}

/** Which policies of a request are asked again when somebody after them changes the object. */
interface Asked {
  reinvocable: Set<string>
  again: Set<string>
  left: KubeObject | undefined
}

export function mutatingPolicies(
  context: PolicyContext,
  list: PolicyList<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>,
): AdmissionPlugin {
  const compiled = new WeakMap<MutatingAdmissionPolicy, CompiledPolicy>()
  const compiledOf = (policy: MutatingAdmissionPolicy): CompiledPolicy => {
    const known = compiled.get(policy) ?? compileMutatingPolicy(policy)
    compiled.set(policy, known)
    return known
  }
  const asked = new WeakMap<AdmissionRequest, Asked>()
  return {
    name: 'MutatingAdmissionPolicy',
    async admit(request) {
      // What goes away, or is only connected to, has nothing to change.
      if (list.bound.length === 0 || request.object === undefined || !isAskable(request)) return
      const state = asked.get(request) ?? {
        reinvocable: new Set(),
        again: new Set(),
        left: undefined,
      }
      asked.set(request, state)
      const isSecond = request.round?.isSecond === true
      if (isSecond && !deepEqual(state.left, request.object)) askAgain(state)
      for (const { policy, bindings } of list.bound)
        for (const binding of bindings) {
          const id = `${policy.metadata.name}/${binding.metadata.name}`
          if (isSecond && !state.again.has(id)) continue
          const before = structuredClone(request.object)
          const wasAsked = await ask(
            context,
            { policy, binding, compiled: compiledOf(policy) },
            request,
          )
          if (!deepEqual(before, request.object)) {
            askAgain(state)
            if (request.round !== undefined) request.round.wantsSecond = true
          }
          if (wasAsked && policy.spec.reinvocationPolicy === 'IfNeeded') state.reinvocable.add(id)
        }
      state.left = structuredClone(request.object)
    },
  }
}

function askAgain({ reinvocable, again }: Asked): void {
  for (const id of reinvocable) again.add(id)
  reinvocable.clear()
}

interface Subject {
  policy: MutatingAdmissionPolicy
  binding: MutatingAdmissionPolicyBinding
  compiled: CompiledPolicy
}

/** Whether the policy applied. */
async function ask(
  context: PolicyContext,
  { policy, binding, compiled }: Subject,
  request: AdmissionRequest,
): Promise<boolean> {
  const { expressions, mutations } = compiled
  const { failurePolicy } = policy.spec
  let applied = false
  const errors: string[] = []
  const failures = await invokePolicy(
    context,
    { policy, binding, expressions, see: unidentified },
    request,
    async (first) => {
      applied = true
      let invoked = first
      for (const [index, mutation] of mutations.entries()) {
        // Each mutation sees what those before it made.
        if (index > 0) invoked = await first.renewed()
        try {
          await change(context, { request, invoked, mutation })
        } catch (error) {
          if (!isExpressionError(error)) throw error
          if (failurePolicy !== 'Ignore') errors.push(error.message)
        }
      }
    },
  )
  const message = errors[0] ?? failures[0]?.message
  if (message === undefined) return applied
  const who = `policy '${policy.metadata.name}' with binding '${binding.metadata.name}'`
  const { group, resource, name } = request
  const refusal = forbidden({ group, resource }, name, `${who} denied request: ${message}`)
  throw new StatusError('Invalid', refusal.message, {
    details: { ...refusal.details, causes: [{ message: `${who} denied request: ${message}` }] },
  })
}

interface Change {
  request: AdmissionRequest
  invoked: Invoked
  mutation: CompiledMutation
}

async function change(
  context: PolicyContext,
  { request, invoked: { evaluation, from, to }, mutation: { kind, program } }: Change,
): Promise<void> {
  const draft = request.object as Draft
  const value = evaluation.valueOf(program)
  const form = await presented(to, unidentified(request).object!)
  const document = mutate(kind, to, form as unknown as Record<string, unknown>, value)
  if (deepEqual(document, form)) return
  const next = await takenBack({ from, to }, document)
  keepIdentity(next, request)
  const { old, subresource, user } = request
  prepareWrite(context, from, { draft: next, old, subresource, user })
  for (const key of Object.keys(draft)) delete (draft as Record<string, unknown>)[key]
  Object.assign(draft, next)
}
