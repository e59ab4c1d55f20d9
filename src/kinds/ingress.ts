import type { Ingress } from './k8s/networking.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { prepareStatus } from './prepare.ts'
import { ingresses } from './refs.ts'
import { validateIngressSpec, validateIngressStatus } from './validate/ingress.ts'
import { CLASS_ANNOTATION, validateIngressClassAnnotation } from './validate/ingress-class.ts'

export type { Ingress } from './k8s/networking.ts'

/** Of longer lists of hosts and addresses only so much is printed. */
const HOSTS_SHOWN = 3
const ADDRESS_WIDTH = 16

function hostsCell({ spec }: Ingress): string {
  const hosts = (spec.rules ?? []).flatMap(({ host }) => (host ? [host] : []))
  if (hosts.length === 0) return '*'
  const shown = hosts.slice(0, HOSTS_SHOWN).join(',')
  return hosts.length > HOSTS_SHOWN ? `${shown} + ${hosts.length - HOSTS_SHOWN} more...` : shown
}

function addressCell({ status }: Ingress): string {
  const found = (status?.loadBalancer?.ingress ?? []).map(
    ({ ip, hostname }) => ip || (hostname ?? ''),
  )
  const text = [...new Set(found.filter((text) => text !== ''))].toSorted().join(',')
  return text.length > ADDRESS_WIDTH ? `${text.slice(0, ADDRESS_WIDTH - 3)}...` : text
}

export const ingressKind = defineKind<Ingress>({
  ref: ingresses,
  schema: 'io.k8s.api.networking.v1.Ingress',
  shortNames: ['ing'],
  subresources: ['status'],
  hasGeneration: true,
  defaults(ingress) {
    ingress.spec ??= {}
  },
  warnings: ({ metadata }, old) =>
    old === undefined && metadata.annotations?.[CLASS_ANNOTATION] !== undefined
      ? [
          `annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`,
        ]
      : [],
  validate: (ingress, old) => [
    ...validateIngressSpec(ingress.spec, 'spec'),
    ...(old === undefined ? validateIngressClassAnnotation(ingress) : []),
    ...validateIngressStatus(ingress.status, 'status'),
  ],
  prepare: prepareStatus({ initial: () => ({ loadBalancer: {} }) }),
  columns: [
    nameColumn,
    column('Class', 'Which controllers serve it.', ({ spec }) => spec.ingressClassName ?? '<none>'),
    column('Hosts', 'Names that requests are matched by.', hostsCell),
    column('Address', 'Where it is reached.', addressCell),
    column('Ports', 'Ports it is reached on.', ({ spec }) =>
      (spec.tls ?? []).length > 0 ? '80, 443' : '80',
    ),
    ageColumn,
  ],
})
