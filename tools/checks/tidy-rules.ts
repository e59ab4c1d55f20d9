// House rules that a linter does not know, as a table: what must not be there, where, and what to
// do instead.
import type { RepositoryFile } from './repository.ts'

export interface TidyRule {
  name: string
  /** Files the rule looks at. */
  applies: (path: string) => boolean
  /** What is wrong with the file; undefined when nothing is. */
  find: (file: RepositoryFile) => string | undefined
  instead: string
}

export const limits = { linesMax: 500, fileBytesMax: 200 * 1024 } as const

/** Written by programs or by others, not by us. */
const GENERATED = /^(src\/kinds\/k8s\/|test\/data\/|package-lock\.json$)/
/** These name what they forbid. */
const OWN = /^(tools\/checks\/|test\/unit\/)/

const isCode = (path: string) => path.endsWith('.ts') && !GENERATED.test(path) && !OWN.test(path)
const isText = (path: string) => /\.(ts|md|ya?ml|sh)$/.test(path) && !GENERATED.test(path)
/** Product code that gets time, randomness and settings as parameters. */
const takesParameters = (path: string) =>
  isCode(path) && path.startsWith('src/') && !/^src\/(base|main)\//.test(path)

function line(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

/** A rule against a pattern outside comments. */
function banned(
  name: string,
  pattern: RegExp,
  applies: (path: string) => boolean,
  instead: string,
): TidyRule {
  const find = ({ text }: RepositoryFile) => {
    const code = text.replaceAll(/^[^\S\n]*(\/\/|\*|\/\*).*$/gm, (comment) =>
      ' '.repeat(comment.length),
    )
    const at = code.search(pattern)
    return at < 0 ? undefined : `${name} in line ${line(code, at)}`
  }
  return { name, applies, find, instead }
}

function bannedWord(word: RegExp, name: string): TidyRule {
  return {
    name,
    applies: (path) => isText(path) && !OWN.test(path),
    find: ({ text }) => {
      const at = text.search(word)
      return at < 0 ? undefined : `${name} in line ${line(text, at)}`
    },
    instead: 'do it now, or write an issue; the tree holds no half-made things',
  }
}

export const tidyRules: readonly TidyRule[] = [
  {
    name: 'long file',
    applies: isCode,
    find: ({ text }) => {
      const lines = text.split('\n').length - 1
      return lines <= limits.linesMax ? undefined : `${lines} lines (at most ${limits.linesMax})`
    },
    instead: 'one idea per file: move a part with a name of its own to its own file',
  },
  {
    name: 'large file',
    applies: (path) =>
      !/^(src\/kinds\/k8s\/schemas\.json|package-lock\.json)$|^test\/data\//.test(path),
    find: ({ sizeBytes }) =>
      sizeBytes <= limits.fileBytesMax
        ? undefined
        : `${sizeBytes} bytes (at most ${limits.fileBytesMax})`,
    instead: 'generate it, fetch it, or keep recorded data in test/data/',
  },
  {
    name: 'a name that says nothing',
    applies: (path) => !GENERATED.test(path),
    find: ({ path }) => {
      const part = path.split('/').find((name) => /^(utils?|helpers?|common)(\.|$)/.test(name))
      return part === undefined ? undefined : `"${part}" can hold anything`
    },
    instead: 'name the thing first; the name tells where it lives',
  },
  bannedWord(/\bFIXME\b/, 'FIXME'),
  bannedWord(/\bTODO\b/, 'TODO'),
  banned(
    'a swallowed error',
    /\bcatch\s*(\([^)]*\)\s*)?\{\s*\}/,
    isCode,
    'handle it, log it, or test for the one reason that may be passed over',
  ),
  banned('Date.now', /\bDate\.now\b/, takesParameters, 'take a Clock (base/clock.ts): clock.now()'),
  banned('new Date()', /\bnew Date\(\)/, takesParameters, 'new Date(clock.now()) of a Clock'),
  banned(
    'performance.now',
    /\bperformance\.now\b|\bprocess\.hrtime\b/,
    takesParameters,
    'take a Clock (base/clock.ts): clock.now()',
  ),
  banned('Math.random', /\bMath\.random\b/, takesParameters, 'take a Random (base/random.ts)'),
  banned(
    'crypto.randomUUID',
    /\brandomUUID\b/,
    takesParameters,
    'take a Random (base/random.ts): random.uuid()',
  ),
  banned(
    'setTimeout',
    /(?<!\.)\b(setTimeout|setInterval)\s*\(|['"](node:)?timers(\/promises)?['"]/,
    takesParameters,
    'take a Clock (base/clock.ts): clock.after or clock.sleep',
  ),
  banned(
    'process.env',
    /\bprocess\.env\b/,
    takesParameters,
    'settings are read once in src/main and passed down as parameters',
  ),
]

/** Every breach of a rule by a file, as one line each. */
export function tidyProblems(file: RepositoryFile, rules = tidyRules): string[] {
  return rules.flatMap((rule) => {
    if (!rule.applies(file.path)) return []
    const found = rule.find(file)
    return found === undefined ? [] : [`${file.path}: ${found}: ${rule.instead}`]
  })
}
