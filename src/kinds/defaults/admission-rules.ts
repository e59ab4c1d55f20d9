// What webhooks and admission policies leave unsaid.
import type {
  MatchResources,
  MutatingWebhook,
  RuleWithOperations,
  ValidatingWebhook,
} from '../k8s/admissionregistration.ts'

const HTTPS_PORT = 443
const TIMEOUT_SECONDS = 10

export function defaultRules(rules: readonly RuleWithOperations[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= '*'
}

export function defaultMatchResources(match: MatchResources | undefined): void {
  if (match === undefined) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  defaultRules(match.resourceRules)
  defaultRules(match.excludeResourceRules)
}

export function defaultWebhook(webhook: ValidatingWebhook | MutatingWebhook): void {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= TIMEOUT_SECONDS
  webhook.clientConfig ??= {}
  if (webhook.clientConfig.service !== undefined) webhook.clientConfig.service.port ??= HTTPS_PORT
  defaultRules(webhook.rules)
}
