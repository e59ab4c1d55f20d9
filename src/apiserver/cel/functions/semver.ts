// Kubernetes' `semver(...)`.
import { CelError, Opaque } from '../values.ts'
import { checkInt } from './arithmetic.ts'
import type { Overload } from './define.ts'
import { globalFunction, memberFunction, traversal } from './define.ts'

class SemverValue extends Opaque {
  override readonly typeName = 'kubernetes.Semver'
  readonly numbers: readonly bigint[]
  readonly prerelease: readonly string[]

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super()
    this.numbers = numbers
    this.prerelease = prerelease
  }

  override equals(other: Opaque): boolean {
    return other instanceof SemverValue && order(this, other) === 0n
  }
}

const NUMBER = '(0|[1-9]\\d*)'
const VERSION = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
)

/** What `semver(text, true)` forgives: a "v" before, parts left out, zeros in front. */
function normalized(text: string): string {
  const [match, main = '', rest = ''] = /^v?([\d.]*)(.*)$/s.exec(text.trim()) ?? []
  if (match === undefined) return text
  const parts = main.split('.').map((part) => part.replace(/^0+(?=\d)/, ''))
  while (parts.length < 3) parts.push('0')
  return parts.join('.') + rest
}

function parse(text: string, normalize = false): SemverValue | undefined {
  const match = VERSION.exec(normalize ? normalized(text) : text)
  if (match === null) return undefined
  const prerelease = match[4]?.split('.') ?? []
  if (prerelease.some((part) => /^0\d+$/.test(part))) return undefined
  return new SemverValue(match.slice(1, 4).map(BigInt), prerelease)
}

function required(text: string, normalize?: boolean): SemverValue {
  const version = parse(text, normalize)
  if (version === undefined) throw new CelError(`invalid semantic version ${JSON.stringify(text)}`)
  return version
}

function comparePart(one: string | undefined, other: string | undefined): number {
  if (one === other) return 0
  if (one === undefined) return -1
  if (other === undefined) return 1
  const isNumber = [one, other].map((part) => /^\d+$/.test(part))
  if (isNumber[0] && isNumber[1]) return BigInt(one) < BigInt(other) ? -1 : 1
  if (isNumber[0] !== isNumber[1]) return isNumber[0] ? -1 : 1
  return one < other ? -1 : 1
}

function order(one: Opaque, other: Opaque): bigint {
  const { numbers, prerelease } = one as SemverValue
  const { numbers: others, prerelease: otherPrerelease } = other as SemverValue
  const at = numbers.findIndex((number, index) => number !== others[index])
  if (at >= 0) return numbers[at]! < others[at]! ? -1n : 1n
  if (prerelease.length === 0 || otherPrerelease.length === 0)
    return BigInt(Math.sign(otherPrerelease.length - prerelease.length))
  for (let index = 0; index < Math.max(prerelease.length, otherPrerelease.length); index++) {
    const part = comparePart(prerelease[index], otherPrerelease[index])
    if (part !== 0) return BigInt(part)
  }
  return 0n
}

const KIND = 'kubernetes.Semver'
const reading = { cost: traversal }
const part = (index: number) => (value: Opaque) => checkInt((value as SemverValue).numbers[index]!)

export const semver: readonly Overload[] = [
  globalFunction('semver', ['string'], KIND, (text) => required(text), reading),
  globalFunction('semver', ['string', 'bool'], KIND, required, reading),
  globalFunction('isSemver', ['string'], 'bool', (text) => parse(text) !== undefined, reading),
  globalFunction(
    'isSemver',
    ['string', 'bool'],
    'bool',
    (text, normalize) => parse(text, normalize) !== undefined,
    reading,
  ),
  memberFunction('compareTo', [KIND, KIND], 'int', order),
  memberFunction('isGreaterThan', [KIND, KIND], 'bool', (one, other) => order(one, other) > 0n),
  memberFunction('isLessThan', [KIND, KIND], 'bool', (one, other) => order(one, other) < 0n),
  memberFunction('major', [KIND], 'int', part(0)),
  memberFunction('minor', [KIND], 'int', part(1)),
  memberFunction('patch', [KIND], 'int', part(2)),
]
