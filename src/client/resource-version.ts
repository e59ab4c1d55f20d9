// Resource versions are decimal numbers that only grow (KEP-5504), of any length.

/** Negative when `a` is older than `b`, 0 when equal, positive when newer. An absent one is oldest. */
export function compareVersions(a: string | undefined, b: string | undefined): number {
  const [left, right] = [a ?? '', b ?? '']
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}

export function newerVersion(a: string | undefined, b: string | undefined): string | undefined {
  return compareVersions(a, b) >= 0 ? a : b
}
