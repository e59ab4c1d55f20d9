const NEWLINE = 0x0a

/** Longest line kept in memory; the runtime cuts lines at 16 KiB. */
export const LINE_BYTES_MAX = 1024 * 1024

/** Splits blocks of a file into lines. */
export class LogLines {
  #rest: Buffer = Buffer.alloc(0)

  /** The whole lines that are complete with this block, without their newlines. */
  take(block: Buffer): Buffer[] {
    const lines: Buffer[] = []
    const data = this.#rest.length === 0 ? block : Buffer.concat([this.#rest, block])
    let from = 0
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, from)) {
      lines.push(data.subarray(from, end))
      from = end + 1
    }
    const rest = data.subarray(from)
    this.#rest = rest.length > LINE_BYTES_MAX ? Buffer.alloc(0) : Buffer.from(rest)
    return lines
  }
}
