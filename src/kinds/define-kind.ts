// Completes a kind's definition with what holds for every kind: metadata is checked, quantities that
// cannot be read are refused as a decoding error.
import { badRequest } from '#base/errors.ts'
import type { Column, FieldError, KindDefinition, ServedForm, Subresource } from './definition.ts'
import type { KindRef } from './ref.ts'
import type { KubeObject } from './object.ts'
import type { NameRule } from './names.ts'
import type { Prepare } from './prepare.ts'
import { QuantityError } from './quantity.ts'
import { validateMetadata } from './validate/object-meta.ts'

export interface KindOptions<T extends KubeObject> {
  ref: KindRef<T>
  schema: string
  shortNames?: readonly string[]
  categories?: readonly string[]
  subresources?: readonly Subresource[]
  nameRule?: NameRule
  hasGeneration?: boolean
  wish?: (object: T) => unknown
  isComputed?: boolean
  leavesDependents?: { warning?: string }
  warnings?: (object: T, old: T | undefined) => string[]
  defaults?(object: T): void
  /** What is wrong beside the metadata. */
  validate?(object: T, old: T | undefined, subresource?: Subresource): FieldError[]
  prepare?: Prepare<T>
  stamp?: (object: T, old: T | undefined, now: number) => void
  derive?: (object: T) => void
  deprecation?: string
  columns: readonly Column<T>[]
  fields?: Readonly<Record<string, (object: T) => string>>
  alsoServedAs?: readonly ServedForm<T>[]
}

export function defineKind<T extends KubeObject>(options: KindOptions<T>): KindDefinition<T> {
  const { ref, nameRule = 'dns-subdomain' } = options
  return {
    ref,
    singular: ref.kind.toLowerCase(),
    shortNames: options.shortNames ?? [],
    categories: options.categories ?? [],
    schema: options.schema,
    subresources: options.subresources ?? [],
    nameRule,
    hasGeneration: options.hasGeneration ?? false,
    ...(options.wish === undefined ? {} : { wish: options.wish }),
    isComputed: options.isComputed ?? false,
    columns: options.columns,
    defaults: (object) => decoding(ref, () => options.defaults?.(object)),
    validate: (object, old, subresource) => [
      ...validateMetadata(object, old, { namespaced: ref.namespaced, nameRule }),
      ...(options.validate?.(object, old, subresource) ?? []),
    ],
    ...(options.prepare === undefined ? {} : { prepare: options.prepare }),
    ...(options.stamp === undefined ? {} : { stamp: options.stamp }),
    ...(options.derive === undefined ? {} : { derive: options.derive }),
    ...(options.leavesDependents === undefined
      ? {}
      : { leavesDependents: options.leavesDependents }),
    ...(options.warnings === undefined ? {} : { warnings: options.warnings }),
    ...(options.deprecation === undefined ? {} : { deprecation: options.deprecation }),
    ...(options.fields === undefined ? {} : { fields: options.fields }),
    ...(options.alsoServedAs === undefined ? {} : { alsoServedAs: options.alsoServedAs }),
  }
}

/** An object that was sent without its spec has an empty one: what is missing in it is told. */
export function fillSpec<T>(object: { spec?: T | undefined }): T {
  return (object.spec ??= {} as T)
}

function decoding({ kind, version }: KindRef, work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: ${error.message}`,
      error,
    )
  }
}
