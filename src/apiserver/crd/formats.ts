// String formats of structural schemas. Formats that are not known hold for every value, as in
// Kubernetes.
import { isIPv4, isIPv6 } from 'node:net'

const uuidOf = (version: string) => {
  const pattern = new RegExp(
    `^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`,
    'i',
  )
  return (value: string) => pattern.test(value)
}

const CHECKS: Readonly<Record<string, (value: string) => boolean>> = {
  'date-time': (value) =>
    /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value)),
  date: (value) => /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)),
  uuid: (value) => /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(value),
  uuid3: uuidOf('3'),
  uuid4: uuidOf('4'),
  uuid5: uuidOf('5'),
  email: (value) => /^[^\s@<>]+@[^\s@<>]+$/.test(value),
  hostname: (value) =>
    value.length <= 253 &&
    /^[a-z\d]([-a-z\d]{0,61}[a-z\d])?(\.[a-z\d]([-a-z\d]{0,61}[a-z\d])?)*$/i.test(value),
  mac: (value) => /^[\da-f]{2}([:-][\da-f]{2}){5}([:-][\da-f]{2}[:-][\da-f]{2})?$/i.test(value),
  hexcolor: (value) => /^#?([\da-f]{3}|[\da-f]{6})$/i.test(value),
  rgbcolor: (value) => /^rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)$/.test(value),
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: (value) => {
    const [address, bits, ...more] = value.split('/')
    if (more.length > 0 || !/^\d{1,3}$/.test(bits ?? '')) return false
    return isIPv4(address!) ? Number(bits) <= 32 : isIPv6(address!) && Number(bits) <= 128
  },
  byte: (value) => /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0,
  uri: (value) => URL.canParse(value),
  duration: (value) => /^[+-]?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value) || value === '0',
}

export const formatHolds = (format: string, value: string): boolean =>
  CHECKS[format]?.(value) ?? true
