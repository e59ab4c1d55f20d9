// What the audit log is told of webhooks, under Kubernetes' own names (apiserver admission/plugin/webhook).
import { checkDnsSubdomain, checkQualifiedName } from '#kinds/names.ts'
import type { AdmissionRequest } from '../plugin.ts'
import type { Hook } from './hook.ts'

/** Which question this is: the second round is of those that are asked again. */
export interface Turn {
  round: 0 | 1
  /** Place of the webhook among all of its kind; of validating ones among those that the request is put to. */
  index: number
}

type Noted = Pick<AdmissionRequest, 'auditAnnotations'>
type Who = Pick<Hook, 'name' | 'configuration'>

const MUTATION = 'mutation.webhook.admission.k8s.io/'
const FAILED_OPEN = {
  mutating: `failed-open.${MUTATION}`,
  validating: 'failed-open.validating.webhook.admission.k8s.io/',
}
/** Shows what was written: only for policies that log the bodies of requests. */
export const PATCH_NOTE = 'patch.webhook.admission.k8s.io/'

const keyOf = (prefix: string, { round, index }: Turn): string =>
  `${prefix}round_${round}_index_${index}`

/** What was said first stays, as in Kubernetes: a write that is tried again asks again. */
function note({ auditAnnotations }: Noted, key: string, value: string): void {
  if (auditAnnotations !== undefined) auditAnnotations[key] ??= value
}

export const noteMutation = (request: Noted, hook: Who, turn: Turn, mutated: boolean): void =>
  note(
    request,
    keyOf(MUTATION, turn),
    JSON.stringify({ configuration: hook.configuration, webhook: hook.name, mutated }),
  )

export const notePatch = (request: Noted, hook: Who, turn: Turn, patch: unknown): void =>
  note(
    request,
    keyOf(PATCH_NOTE, turn),
    JSON.stringify({
      configuration: hook.configuration,
      webhook: hook.name,
      patch,
      patchType: 'JSONPatch',
    }),
  )

export const noteFailedOpen = (
  request: Noted,
  hook: Who,
  turn: Turn,
  kind: 'mutating' | 'validating',
): void => note(request, keyOf(FAILED_OPEN[kind], turn), hook.name)

/** The webhook's own notes. What would be no name of an annotation is left out, as Kubernetes does. */
export function noteAnswer(
  request: Noted,
  { name }: Who,
  annotations: Readonly<Record<string, string>>,
): void {
  for (const [end, value] of Object.entries(annotations)) {
    const key = `${name}/${end}`
    const isKey = checkDnsSubdomain(name).length === 0 && checkQualifiedName(key).length === 0
    if (isKey) note(request, key, value)
  }
}
