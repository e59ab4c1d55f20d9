import type { IngressClass } from './k8s/networking.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { ingressClasses } from './refs.ts'
import { validateIngressClass, validateIngressClassUpdate } from './validate/ingress-class.ts'

export type { IngressClass } from './k8s/networking.ts'

function parametersCell({ spec: { parameters } }: IngressClass): string {
  if (parameters === undefined) return '<none>'
  const { apiGroup, kind, name } = parameters
  return apiGroup === undefined ? `${kind}/${name}` : `${kind}.${apiGroup}/${name}`
}

export const ingressClassKind = defineKind<IngressClass>({
  ref: ingressClasses,
  schema: 'io.k8s.api.networking.v1.IngressClass',
  hasGeneration: true,
  defaults(ingressClass) {
    ingressClass.spec ??= {}
    const { parameters } = ingressClass.spec
    if (parameters !== undefined) parameters.scope ??= 'Cluster'
  },
  validate: ({ spec }, old) => [
    ...validateIngressClass(spec, 'spec'),
    ...(old === undefined ? [] : validateIngressClassUpdate(spec, old.spec)),
  ],
  columns: [
    nameColumn,
    column('Controller', 'Who serves this class.', ({ spec }) => spec.controller ?? ''),
    column('Parameters', 'Object with further settings.', parametersCell),
    ageColumn,
  ],
})
