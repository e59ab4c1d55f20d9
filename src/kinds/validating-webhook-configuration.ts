import type { ValidatingWebhookConfiguration } from './k8s/admissionregistration.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defaultWebhook } from './defaults/admission-rules.ts'
import { defineKind } from './define-kind.ts'
import { validatingWebhookConfigurations } from './refs.ts'
import { validateWebhooks } from './validate/webhook.ts'

export type { ValidatingWebhookConfiguration } from './k8s/admissionregistration.ts'

export const validatingWebhookConfigurationKind = defineKind<ValidatingWebhookConfiguration>({
  ref: validatingWebhookConfigurations,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration',
  categories: ['api-extensions'],
  hasGeneration: true,
  wish: ({ webhooks }) => webhooks,
  defaults({ webhooks }) {
    for (const webhook of webhooks ?? []) {
      defaultWebhook(webhook)
    }
  },
  validate: ({ webhooks }) => validateWebhooks(webhooks),
  columns: [
    nameColumn,
    column('Webhooks', 'How many there are.', ({ webhooks = [] }) => webhooks.length, 'integer'),
    ageColumn,
  ],
})
