// Sets of field paths, in the form in which managedFields keep them (FieldsV1): a tree of path elements.
// `{}` below an element means the element itself; `.` means it beside what is below it. An empty set is
// `undefined`. Trees are never changed, and share what they have in common.

export interface FieldTree {
  readonly [element: string]: FieldTree
}

export const LEAF: FieldTree = Object.freeze({})
const SELF = '.'

export function isMember(tree: FieldTree): boolean {
  if (SELF in tree) return true
  for (const _element in tree) return false
  return true
}

/** Undefined when nothing is left. */
export function treeOf(
  member: boolean,
  children: Record<string, FieldTree>,
): FieldTree | undefined {
  for (const _element in children) return member ? { [SELF]: LEAF, ...children } : children
  return member ? LEAF : undefined
}

/** The elements below, without the mark of the element itself. */
export function childrenOf(tree: FieldTree): [string, FieldTree][] {
  return Object.entries(tree).filter(([element]) => element !== SELF)
}

export function union(a: FieldTree | undefined, b: FieldTree | undefined): FieldTree | undefined {
  if (a === undefined || a === b) return b
  if (b === undefined) return a
  return combine(a, b, false)
}

function combine(a: FieldTree, b: FieldTree, isRoot: boolean): FieldTree {
  const children = Object.fromEntries(childrenOf(a))
  for (const [element, tree] of childrenOf(b)) {
    const there = children[element]
    children[element] = there === undefined ? tree : combine(there, tree, false)
  }
  return treeOf(!isRoot && (isMember(a) || isMember(b)), children) ?? LEAF
}

/** The members of `a` that are no members of `b`. */
export function difference(
  a: FieldTree | undefined,
  b: FieldTree | undefined,
): FieldTree | undefined {
  if (a === undefined || b === undefined) return a
  return subtract(a, b, { isRoot: true, recursive: false })
}

/** As `difference`, and without anything below a member of `b`. */
export function recursiveDifference(
  a: FieldTree | undefined,
  b: FieldTree | undefined,
): FieldTree | undefined {
  if (a === undefined || b === undefined) return a
  return subtract(a, b, { isRoot: true, recursive: true })
}

function subtract(
  a: FieldTree,
  b: FieldTree,
  { isRoot, recursive }: { isRoot: boolean; recursive: boolean },
): FieldTree | undefined {
  const isGone = !isRoot && isMember(b)
  if (recursive && isGone) return undefined
  const children: Record<string, FieldTree> = {}
  for (const [element, tree] of childrenOf(a)) {
    const other = b[element]
    const left = other === undefined ? tree : subtract(tree, other, { isRoot: false, recursive })
    if (left !== undefined) children[element] = left
  }
  return treeOf(!isRoot && isMember(a) && !isGone, children)
}

export function intersection(
  a: FieldTree | undefined,
  b: FieldTree | undefined,
): FieldTree | undefined {
  if (a === undefined || b === undefined) return undefined
  return intersect(a, b, true)
}

function intersect(a: FieldTree, b: FieldTree, isRoot: boolean): FieldTree | undefined {
  const children: Record<string, FieldTree> = {}
  for (const [element, tree] of childrenOf(a)) {
    const other = b[element]
    const both = other === undefined ? undefined : intersect(tree, other, false)
    if (both !== undefined) children[element] = both
  }
  return treeOf(!isRoot && isMember(a) && isMember(b), children)
}

/** Every member, as the list of its elements. */
export function membersOf(tree: FieldTree | undefined): string[][] {
  if (tree === undefined) return []
  const found: string[][] = []
  const visit = (at: FieldTree, path: string[]): void => {
    if (path.length > 0 && isMember(at)) found.push(path)
    for (const [element, below] of childrenOf(at)) visit(below, [...path, element])
  }
  visit(tree, [])
  return found
}

/** Whether a value that came from outside is such a tree. */
export function isFieldTree(value: unknown, depthMax: number): value is FieldTree {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  if (depthMax === 0) return false
  return Object.entries(value).every(
    ([element, below]) =>
      (element === SELF || /^[fkvi]:/.test(element)) && isFieldTree(below, depthMax - 1),
  )
}
