// Reads a YAML document as JSON would have it, and tells what JSON could not say: keys that occur twice.
import { isScalar, LineCounter, parseDocument, visit } from 'yaml'

export interface YamlText {
  value: unknown
  /** In Go's words, as clients know them; nothing when every key is there once. */
  repeatedKeys: string | undefined
}

/** Of keys that occur twice the last one counts. Throws a YAMLError, or a ReferenceError for too many aliases. */
export function readYamlText(text: string): YamlText {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    uniqueKeys: false,
    lineCounter: lines,
    // What is odd about somebody's text is not for our log.
    logLevel: 'error',
  })
  const [error] = document.errors
  if (error !== undefined) throw error
  const repeated: string[] = []
  visit(document, {
    Map(_place, { items }) {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key) || key.value === MERGE) continue
        const { line } = lines.linePos(key.range?.[0] ?? 0)
        if (seen.has(key.value))
          repeated.push(`  line ${line}: key ${JSON.stringify(key.value)} already set in map`)
        seen.add(key.value)
      }
    },
  })
  return {
    value: document.toJS() as unknown,
    repeatedKeys:
      repeated.length === 0 ? undefined : `yaml: unmarshal errors:\n${repeated.join('\n')}`,
  }
}

/** A key of YAML 1.1 that takes over the keys of another map: it may occur more than once. */
const MERGE = '<<'
