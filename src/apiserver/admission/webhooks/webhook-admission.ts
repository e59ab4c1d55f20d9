// Both kinds of admission webhooks of one cluster.
import type { AdmissionPlugin } from '../plugin.ts'
import type { HookContext } from './hook-context.ts'
import { followHooks } from './hook-list.ts'
import { mutatingWebhooks } from './mutating-webhooks.ts'
import { validatingWebhooks } from './validating-webhooks.ts'

export interface WebhookAdmission {
  /** After every rule that may change objects, and before those that count them. */
  plugins: readonly AdmissionPlugin[]
  close(): void
}

export function webhookAdmission(context: HookContext): WebhookAdmission {
  const mutating = followHooks(context.objects, 'mutatingwebhookconfigurations')
  const validating = followHooks(context.objects, 'validatingwebhookconfigurations')
  return {
    plugins: [mutatingWebhooks(context, mutating), validatingWebhooks(context, validating)],
    close() {
      mutating.close()
      validating.close()
    },
  }
}
