// Messages that are plain values in JSON: quantities, times, numbers or names.
import { rfc3339, rfc3339Micro } from '#base/clock.ts'
import type { WireField } from './wire.ts'

type Plain = (fields: readonly WireField[]) => unknown

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

const find = (fields: readonly WireField[], number: number) =>
  fields.find((one) => one.number === number)
const text: Plain = (fields) => Buffer.from(find(fields, 1)?.bytes ?? []).toString()
const raw: Plain = (fields) => {
  const json = text(fields) as string
  return json === '' ? undefined : (JSON.parse(json) as unknown)
}
const texts: Plain = (fields) => fields.map(({ bytes }) => Buffer.from(bytes ?? []).toString())

/** No fields at all is Go's zero time, which JSON leaves out. */
const time =
  (write: (ms: number) => string): Plain =>
  (fields) => {
    if (fields.length === 0) return undefined
    const [seconds, nanos] = [1, 2].map((number) => Number(find(fields, number)?.varint ?? 0n))
    return write(seconds! * 1000 + Math.floor(nanos! / 1e6))
  }

const IS_STRING = 1n

export const plainMessages: Readonly<Record<string, Plain>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': text,
  [`${META}.Time`]: time(rfc3339),
  [`${META}.MicroTime`]: time(rfc3339Micro),
  [`${META}.FieldsV1`]: raw,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': raw,
  'io.k8s.api.authentication.v1.ExtraValue': texts,
  'io.k8s.api.authorization.v1.ExtraValue': texts,
  'io.k8s.api.certificates.v1beta1.ExtraValue': texts,
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': (fields) =>
    find(fields, 1)?.varint === IS_STRING
      ? Buffer.from(find(fields, 3)?.bytes ?? []).toString()
      : Number(find(fields, 2)?.varint ?? 0n),
}
