import type { PodTemplate } from './k8s/core.ts'
import { column, labelsCell, nameColumn, templateColumns } from './columns.ts'
import { defaultPodTemplate } from './defaults/pod-spec.ts'
import { defineKind } from './define-kind.ts'
import { podTemplates } from './refs.ts'
import { validateTemplate } from './validate/pod-template.ts'
import { podWarnings } from './warnings/pod-spec.ts'

export type { PodTemplate } from './k8s/core.ts'

export const podTemplateKind = defineKind<PodTemplate>({
  ref: podTemplates,
  schema: 'io.k8s.api.core.v1.PodTemplate',
  hasGeneration: true,
  wish: ({ template }) => template,
  defaults(object) {
    object.template ??= {}
    defaultPodTemplate(object.template)
  },
  warnings: ({ template }) => podWarnings(template ?? {}, 'template.'),
  validate: ({ template }) => validateTemplate(template ?? {}, 'template'),
  columns: [
    nameColumn,
    ...templateColumns<PodTemplate>(({ template }) => template ?? {}, 0),
    column('Pod Labels', 'Labels of pods made from the template.', ({ template }) =>
      labelsCell(template?.metadata?.labels),
    ),
  ],
})
