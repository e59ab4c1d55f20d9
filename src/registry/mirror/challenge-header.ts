// Reads `WWW-Authenticate` as registries send it (RFC 9110 section 11.6.1; RFC 6750 for Bearer).

export interface Challenge {
  /** In lower case. */
  scheme: string
  /** Names in lower case. */
  parameters: Map<string, string>
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const PARAMETER = new RegExp(`^(${TOKEN})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))`)
const SCHEME = new RegExp(`^(${TOKEN})(?=[ \\t,]|$)`)
/** Characters of the header that are looked at. */
const CHARS_MAX = 8_192

/** All challenges of a header, in order; what is no challenge ends the reading. */
export function parseChallenges(header: string | undefined): Challenge[] {
  let rest = (header ?? '').slice(0, CHARS_MAX)
  const challenges: Challenge[] = []
  for (;;) {
    rest = rest.replace(/^[ \t,]+/, '')
    const parameter = PARAMETER.exec(rest)
    const last = challenges.at(-1)
    if (parameter !== null && last !== undefined) {
      const [whole, name, quoted, bare] = parameter
      last.parameters.set(name!.toLowerCase(), bare ?? quoted!.replace(/\\(.)/g, '$1'))
      rest = rest.slice(whole.length)
      continue
    }
    const scheme = parameter === null ? SCHEME.exec(rest) : null
    if (scheme === null) return challenges
    challenges.push({ scheme: scheme[1]!.toLowerCase(), parameters: new Map() })
    rest = rest.slice(scheme[0].length)
  }
}
