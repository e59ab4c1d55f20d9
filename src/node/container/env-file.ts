// Files of environment variables as Kubernetes reads them (KEP-3721): NAME='value' each on a line of
// its own; a value may span lines; "#" begins a comment.

const SPACE = /[ \t\r\n]*/y
const COMMENT = /#[^\n]*/y
const ASSIGNMENT = /([!-<>-~]+)='([^']*)'[ \t]*(?:#[^\n]*)?(?=\r?\n|$)/y

function take(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** All variables of the file; throws where it is not as it must be. */
export function parseEnvFile(text: string): Map<string, string> {
  const variables = new Map<string, string>()
  for (let at = 0; ;) {
    at += take(SPACE, text, at)?.[0].length ?? 0
    if (at >= text.length) return variables
    const comment = take(COMMENT, text, at)
    const assignment = comment === null ? take(ASSIGNMENT, text, at) : null
    const [whole = '', name = '', value = ''] = comment ?? assignment ?? []
    if (comment === null && assignment === null) {
      const line = text.slice(0, at).split('\n').length
      throw new Error(`line ${line} is not of the form NAME='value'`)
    }
    if (assignment !== null) variables.set(name, value)
    at += whole.length
  }
}
