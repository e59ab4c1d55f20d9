// The commands a document tells its readers to type.

/** Lines of the document's shell blocks and its inline code, without prompts and comments. */
function typedLines(document: string): string[] {
  const blocks = [...document.matchAll(/^```(?:sh|bash|shell|console)?\n([\s\S]*?)^```/gm)]
  const inline = [...document.matchAll(/`([^`\n]+)`/g)]
  return [...blocks.flatMap((block) => block[1]!.split('\n')), ...inline.map((code) => code[1]!)]
    .map((line) => line.replace(/^\s*[$#]\s+/, '').trim())
    .filter((line) => line !== '')
}

/** Names of npm scripts the document uses: "npm test" and "npm run X". */
export function npmScriptsIn(document: string): Set<string> {
  const names = typedLines(document).flatMap((line) => {
    const match = /^npm (?:run ([\w:-]+)|(test)\b)/.exec(line)
    return match === null ? [] : [match[1] ?? match[2]!]
  })
  return new Set(names)
}

/** First words after "ccs" or "./ccs": "up", "service"; flags do not count. */
export function ccsCommandsIn(document: string): Set<string> {
  const names = typedLines(document).flatMap((line) => {
    const match = /^(?:\.\/)?ccs ([a-z][a-z-]*)/.exec(line)
    return match === null ? [] : [match[1]!]
  })
  return new Set(names)
}
