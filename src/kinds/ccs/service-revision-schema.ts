import { templateFields } from './container-service-schema.ts'
import { nameLimits } from './limits.ts'
import { dnsLabel, fields, integer, list, type Schema, text } from './schema.ts'
import type { ServiceRevisionSpec, ServiceTemplate } from './service-revision.ts'

/** A record says what was; defaults would let it say more. */
function withoutDefaults(schema: Schema): Schema {
  const copy: Schema = { ...schema }
  delete copy.default
  if (copy.properties !== undefined)
    copy.properties = Object.fromEntries(
      Object.entries(copy.properties).map(([name, one]) => [name, withoutDefaults(one)]),
    )
  return copy
}

export const serviceRevisionSchema: Schema = {
  type: 'object',
  description: 'What a ContainerService ran from some time on. Written by ccs, never changed.',
  required: ['spec'],
  properties: {
    spec: {
      ...fields<ServiceRevisionSpec>(
        {
          service: dnsLabel(nameLimits.serviceLengthMax),
          revision: integer({ format: 'int64', minimum: 1 }),
          image: text(),
          resolvedImage: text(),
          template: withoutDefaults(fields<ServiceTemplate>(templateFields())),
          changes: list(text(), { maxItems: 64 }),
          cause: text(),
          changedBy: text(),
        },
        ['service', 'revision', 'image', 'resolvedImage', 'template'],
      ),
      'x-kubernetes-validations': [
        { rule: 'self == oldSelf', message: 'a revision is a record and never changes' },
      ],
    },
  },
}
