/** Lets a bounded number of tasks run at once; the others wait in order. */
export class Gate {
  readonly #widthMax: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(widthMax: number) {
    this.#widthMax = widthMax
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#widthMax)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      return await task()
    } finally {
      // The place goes to the next in line, so that nobody can slip in between.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
