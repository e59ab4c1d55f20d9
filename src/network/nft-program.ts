// A table of nftables as data, and the text that brings the kernel from one such state to another in
// one transaction: whoever looks sees all of a change or nothing, and a change costs as much as what
// it changes, not as much as all services.

export interface NftSet {
  kind: 'set' | 'map'
  /** What stands in its braces beside the elements: "type ipv4_addr;". */
  declaration: string
  /** Key to value; the value of a plain set's elements is ''. Undefined: packets fill it. */
  elements: Map<string, string> | undefined
}

export interface NftProgram {
  /** Name of the table, unique in its network namespace. */
  table: string
  sets: Map<string, NftSet>
  /** Rules of each chain. A base chain's first line says where it hooks in. */
  chains: Map<string, string[]>
}

const elementTexts = (elements: Iterable<[string, string]>): string[] =>
  Array.from(elements, ([key, value]) => (value === '' ? key : `${key} : ${value}`))

/** Removes the table; fine when it is not there. */
export const tableRemoval = (table: string): string =>
  `table ip ${table}\ndelete table ip ${table}\n`

/** Replaces the table whole, whatever was there. */
export function wholeTable({ table, sets, chains }: NftProgram): string {
  const lines = [`table ip ${table}`, `delete table ip ${table}`, `table ip ${table} {`]
  for (const [name, { kind, declaration, elements }] of sets) {
    const texts = elementTexts(elements ?? [])
    const list = texts.length === 0 ? '' : ` elements = { ${texts.join(', ')} };`
    lines.push(`  ${kind} ${name} { ${declaration}${list} }`)
  }
  for (const [name, rules] of chains)
    lines.push(`  chain ${name} {`, ...rules.map((rule) => `    ${rule}`), '  }')
  return `${lines.join('\n')}\n}\n`
}

const isEqual = (a: readonly string[] | undefined, b: readonly string[]) =>
  a !== undefined && a.length === b.length && a.every((rule, i) => rule === b[i])

/** What of `from` is not the same in `to`. */
function missingElements(from: NftSet, to: NftSet | undefined): [string, string][] {
  return [...(from.elements ?? [])].filter(([key, value]) => to?.elements?.get(key) !== value)
}

/** From `before`, which the kernel has, to `after`; empty when they are equal. */
export function tableChange(before: NftProgram, after: NftProgram): string {
  const at = `ip ${after.table}`
  const lines: string[] = []
  const elementCommand = (verb: string, name: string, texts: string[]) => {
    if (texts.length > 0) lines.push(`${verb} element ${at} ${name} { ${texts.join(', ')} }`)
  }
  const changed = [...after.chains].filter(
    ([name, rules]) => !isEqual(before.chains.get(name), rules),
  )
  const removed = [...before.chains.keys()].filter((name) => !after.chains.has(name))
  const lost = [...before.sets.keys()].filter((name) => !after.sets.has(name))

  // What refers to something goes before it, and comes after it.
  for (const [name, set] of before.sets)
    if (!lost.includes(name)) {
      const gone = missingElements(set, after.sets.get(name)).map(([key]) => key)
      elementCommand('delete', name, gone)
    }
  for (const name of [...changed.map(([name]) => name), ...removed])
    if (before.chains.has(name)) lines.push(`flush chain ${at} ${name}`)
  for (const name of lost) lines.push(`delete ${before.sets.get(name)!.kind} ${at} ${name}`)
  for (const name of removed) lines.push(`delete chain ${at} ${name}`)
  for (const [name, { kind, declaration }] of after.sets)
    if (!before.sets.has(name)) lines.push(`add ${kind} ${at} ${name} { ${declaration} }`)
  for (const [name] of changed) if (!before.chains.has(name)) lines.push(`add chain ${at} ${name}`)
  for (const [name, rules] of changed)
    for (const rule of rules) lines.push(`add rule ${at} ${name} ${rule}`)
  for (const [name, set] of after.sets) {
    const old = before.sets.get(name)
    elementCommand('add', name, elementTexts(missingElements(set, old)))
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}
