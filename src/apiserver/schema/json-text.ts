// What JSON.parse does not tell of a text: keys that occur twice in an object. Also bounds nesting.

export class DepthError extends Error {
  override readonly name = 'DepthError'
}

/** Paths of keys that repeat in their object. `text` must be valid JSON. */
export function duplicateKeys(text: string, depthMax: number): string[] {
  return new Scanner(text, depthMax).scan()
}

class Scanner {
  readonly #text: string
  readonly #depthMax: number
  readonly #found: string[] = []
  #at = 0

  constructor(text: string, depthMax: number) {
    this.#text = text
    this.#depthMax = depthMax
  }

  scan(): string[] {
    this.#value('', 0)
    return this.#found
  }

  #value(path: string, depth: number): void {
    this.#space()
    const first = this.#text[this.#at]
    if ((first === '{' || first === '[') && depth >= this.#depthMax)
      throw new DepthError(`nested deeper than ${this.#depthMax} levels`)
    if (first === '{') this.#object(path, depth)
    else if (first === '[') this.#array(path, depth)
    else if (first === '"') this.#string()
    else this.#literal()
  }

  #object(path: string, depth: number): void {
    const seen = new Set<string>()
    this.#at++
    for (this.#space(); this.#text[this.#at] !== '}'; this.#space()) {
      if (this.#text[this.#at] === ',') this.#at++
      this.#space()
      const key = this.#string()
      const keyPath = path === '' ? key : `${path}.${key}`
      if (seen.has(key)) this.#found.push(keyPath)
      seen.add(key)
      this.#space()
      this.#at++ // the colon
      this.#value(keyPath, depth + 1)
    }
    this.#at++
  }

  #array(path: string, depth: number): void {
    this.#at++
    let index = 0
    for (this.#space(); this.#text[this.#at] !== ']'; this.#space()) {
      if (this.#text[this.#at] === ',') this.#at++
      this.#value(`${path}[${index++}]`, depth + 1)
    }
    this.#at++
  }

  #string(): string {
    const start = this.#at++
    let escaped = false
    for (;;) {
      const code = this.#text.charCodeAt(this.#at++)
      if (code === 0x5c) {
        escaped = true
        this.#at++
      } else if (code === 0x22) break
    }
    return escaped
      ? (JSON.parse(this.#text.slice(start, this.#at)) as string)
      : this.#text.slice(start + 1, this.#at - 1)
  }

  #literal(): void {
    while (this.#at < this.#text.length && !',]} \n\r\t'.includes(this.#text[this.#at]!)) this.#at++
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }
}
