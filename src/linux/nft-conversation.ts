// What we say to `nft -i` and how we know that it has done it. Interactive nft runs each line of its
// input as one transaction and prints nothing on success, so every request is followed by a line
// that cannot be parsed: the error about it on stderr marks the end of the request.

/** Descriptor on which the nft process finds the ruleset file. */
export const RULESET_DESCRIPTOR = 3
const RULESET_PATH = `/proc/self/fd/${RULESET_DESCRIPTOR}`

/** Runs the whole file as one transaction, which a ruleset of several lines would not be. */
export const APPLY_LINE = `include "${RULESET_PATH}"`

/** Prints one known line on stdout, so that the end of a query's output can be seen. */
export const QUERY_END_LINE = 'describe ip saddr'
const QUERY_END_PATTERN = /^payload expression, [^\n]*\n/m

export const markerOf = (sequence: number): string => `ccs-done-${sequence}`

export interface Answer {
  /** What nft complained about; empty when it did as told. */
  complaint: string
  /** What it printed, for a query. */
  output: string
}

function complaintBefore(marker: string, stderr: string): string | undefined {
  // "Error: syntax error, unexpected string\nccs-done-7\n^^^^^^^^^^\n"
  const end = new RegExp(`(?:^|\\n)Error: [^\\n]*\\n${marker}\\n *[\\^~]+\\n`).exec(stderr)
  if (end === null) return undefined
  return stderr
    .slice(0, end.index)
    .split('\n')
    .filter((line) => !line.startsWith('In file included from'))
    .join('\n')
    .replaceAll(RULESET_PATH, 'ruleset')
    .trim()
}

/** The answer that `stdout` and `stderr` hold, or undefined while it is not complete. */
export function readAnswer(
  request: { marker: string; isQuery: boolean },
  { stdout, stderr }: { stdout: string; stderr: string },
): Answer | undefined {
  const complaint = complaintBefore(request.marker, stderr)
  if (complaint === undefined) return undefined
  if (!request.isQuery) return { complaint, output: '' }
  const end = QUERY_END_PATTERN.exec(stdout)
  return end === null ? undefined : { complaint, output: stdout.slice(0, end.index) }
}

/** Warnings are no failures; every failure of nft says "Error:". */
export const isFailure = (complaint: string): boolean => complaint.includes('Error:')
