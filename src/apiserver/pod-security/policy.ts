// The labels of a namespace that say which profile its pods are held to, and what happens to others.
import type { FieldError } from '#kinds/definition.ts'
import { invalid } from '#kinds/validate/field-error.ts'

export const LEVELS = ['privileged', 'baseline', 'restricted'] as const
export type Level = (typeof LEVELS)[number]

export interface LevelVersion {
  level: Level
  /** The minor version whose checks hold; "latest" are all. */
  version: number | 'latest'
}

export interface Policy {
  enforce: LevelVersion
  audit: LevelVersion
  warn: LevelVersion
}

const PREFIX = 'pod-security.kubernetes.io/'
const LATEST = { level: 'privileged', version: 'latest' } as const

const isLevel = (text: string): text is Level => (LEVELS as readonly string[]).includes(text)

export const isStricter = (a: LevelVersion, b: LevelVersion): boolean =>
  LEVELS.indexOf(a.level) > LEVELS.indexOf(b.level)

/** "restricted:v1.30" */
export const policyText = ({ level, version }: LevelVersion): string =>
  `${level}:${version === 'latest' ? version : `v1.${version}`}`

/**
 * What labels ask for, and what is wrong with them. A wrong level is enforced as the strictest one, but
 * neither audited nor warned of; a namespace without a level of warnings is warned of what is enforced.
 */
export function readPolicy(labels: Readonly<Record<string, string>> = {}): {
  policy: Policy
  errors: FieldError[]
} {
  const errors: FieldError[] = []
  const read = (mode: keyof Policy, failing: Level): LevelVersion | undefined => {
    const label = `${PREFIX}${mode}`
    const level = labels[label]
    const version = labels[`${label}-version`]
    if (level === undefined && version === undefined) return undefined
    const isWrong = level !== undefined && !isLevel(level)
    if (isWrong) errors.push(invalid(fieldOf(label), level, `must be one of ${LEVELS.join(', ')}`))
    return {
      level: level === undefined ? LATEST.level : isLevel(level) ? level : failing,
      version: version === undefined ? LATEST.version : readVersion(`${label}-version`, version),
    }
  }
  const readVersion = (label: string, text: string): LevelVersion['version'] => {
    const minor = /^v1\.(0|[1-9]\d*)$/.exec(text)?.[1]
    if (text !== 'latest' && minor === undefined)
      errors.push(invalid(fieldOf(label), text, 'must be "latest" or "v1.x"'))
    return minor === undefined ? 'latest' : Number(minor)
  }
  const enforce = read('enforce', 'restricted') ?? LATEST
  const audit = read('audit', 'privileged') ?? LATEST
  const warn = read('warn', 'privileged')
  const isWarned = labels[`${PREFIX}warn`] !== undefined
  return {
    policy: { enforce, audit, warn: isWarned && warn !== undefined ? warn : enforce },
    errors,
  }
}

const fieldOf = (label: string): string => `metadata.labels[${label}]`
