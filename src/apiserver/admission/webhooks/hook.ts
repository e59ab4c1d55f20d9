// An admission webhook as it is asked: what stands in its configuration, with the selectors read once.
import type {
  MatchCondition,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '#kinds/k8s/admissionregistration.ts'
import type { LabelSelector } from '#kinds/k8s/meta.ts'
import { type LabelRequirement, requirementsOf } from '#kinds/label-selector.ts'
import type { WebhookPlace } from '../../outgoing/call-webhook.ts'

export interface Hook {
  /** "x.example.com", as messages name it. */
  name: string
  /** One of all webhooks: configuration, name and place in it. */
  id: string
  configuration: string
  place: WebhookPlace
  rules: readonly RuleWithOperations[]
  namespaceSelector: readonly LabelRequirement[]
  objectSelector: readonly LabelRequirement[]
  matchConditions: readonly MatchCondition[]
  equivalent: boolean
  failClosed: boolean
  sideEffectsOnDryRun: boolean
  reviewVersions: readonly string[]
  timeoutMs: number
  /** Asked again when a later webhook changed the object. */
  reinvoke: boolean
}

const TIMEOUT_SECONDS = 10

export function hooksOf(
  configuration: MutatingWebhookConfiguration | ValidatingWebhookConfiguration,
): Hook[] {
  const { webhooks = [], metadata } = configuration
  const seen = new Map<string, number>()
  return (webhooks as readonly (MutatingWebhook | ValidatingWebhook)[]).map((webhook) => {
    const { name } = webhook
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    const { matchPolicy = 'Equivalent', failurePolicy = 'Fail', sideEffects } = webhook
    return {
      name,
      id: `${metadata.name}/${name}/${count}`,
      configuration: metadata.name,
      place: webhook.clientConfig,
      rules: webhook.rules ?? [],
      namespaceSelector: selectorOf(webhook.namespaceSelector),
      objectSelector: selectorOf(webhook.objectSelector),
      matchConditions: webhook.matchConditions ?? [],
      equivalent: matchPolicy === 'Equivalent',
      failClosed: failurePolicy === 'Fail',
      sideEffectsOnDryRun: sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun',
      reviewVersions: webhook.admissionReviewVersions,
      timeoutMs: (webhook.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000,
      reinvoke: 'reinvocationPolicy' in webhook && webhook.reinvocationPolicy === 'IfNeeded',
    }
  })
}

const selectorOf = (selector: LabelSelector | undefined): readonly LabelRequirement[] =>
  selector === undefined ? [] : requirementsOf(selector)
