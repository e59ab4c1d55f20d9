// Who may import whom: the table of docs/ARCHITECTURE.md held against the imports of src/.
import type { RepositoryFile } from './repository.ts'

/** Folder of src -> folders it may import; `everything` for those that know all others. */
export type ImportTable = ReadonlyMap<string, ReadonlySet<string> | 'everything'>

export interface Packages {
  runtime: ReadonlySet<string>
  development: ReadonlySet<string>
}

/** Reads the rows "| `folder` | what | may import |" of the document. */
export function parseImportTable(document: string): ImportTable {
  const table = new Map<string, ReadonlySet<string> | 'everything'>()
  for (const row of document.matchAll(/^\| `([a-z-]+)` *\|[^|]*\|([^|]*)\|$/gm)) {
    const allowed = row[2]!.trim()
    const names = allowed.split(',').map((name) => name.trim())
    table.set(
      row[1]!,
      allowed === 'everything' ? 'everything' : new Set(names.filter((name) => name !== '–')),
    )
  }
  return table
}

// Statements only: an import inside a string or a comment does not start its line.
const STATIC = /^(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g

export function importsOf(text: string): string[] {
  return [...text.matchAll(STATIC), ...text.matchAll(DYNAMIC)].map((m) => (m[1] ?? m[2])!)
}

/** What is wrong with the imports of one file of src, each with what to do about it. */
export function importProblems(
  file: Pick<RepositoryFile, 'path' | 'text'>,
  table: ImportTable,
  packages: Packages,
): string[] {
  const folder = file.path.split('/')[1]!
  const problems: string[] = []
  for (const specifier of importsOf(file.text)) {
    const problem = problemOf({ specifier, folder, path: file.path, table, packages })
    if (problem !== undefined) problems.push(`${file.path}: '${specifier}': ${problem}`)
  }
  return problems
}

interface Import {
  specifier: string
  folder: string
  path: string
  table: ImportTable
  packages: Packages
}

function problemOf({ specifier, folder, path, table, packages }: Import): string | undefined {
  if (specifier.startsWith('node:')) return undefined
  if (specifier.startsWith('#')) return folderProblem({ specifier, folder, path, table })
  if (specifier.startsWith('.')) return relativeProblem(specifier, path)
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (packages.runtime.has(name)) return undefined
  if (!packages.development.has(name))
    return 'not in package.json; use what is there, or add it with its reason to docs/decisions/'
  return /\.(test|suite)\.ts$/.test(path)
    ? undefined
    : 'a development dependency, which only tests may import'
}

function folderProblem({
  specifier,
  folder,
  path,
  table,
}: Omit<Import, 'packages'>): string | undefined {
  const target = specifier.slice(1).split('/')[0]!
  if (!/\.(ts|json)$/.test(specifier)) return 'name the file with its extension, ".ts"'
  // From a folder deeper down, the name is clearer than steps up.
  if (target === folder)
    return path.split('/').length > 3 ? undefined : 'a file of the same folder; write it with "./"'
  const allowed = table.get(folder)
  if (allowed === undefined)
    return `src/${folder} is not in the table of docs/ARCHITECTURE.md; add its row`
  if (allowed === 'everything' || allowed.has(target)) return undefined
  const list = [...allowed].join(', ') || 'nothing'
  return (
    `${folder} may import ${list}, not ${target}; declare an interface in ${folder} for what it ` +
    `needs and let main pass it in, or move the shared part to base or kinds`
  )
}

function relativeProblem(specifier: string, path: string): string | undefined {
  if (!/\.(ts|json)$/.test(specifier)) return 'name the file with its extension, ".ts"'
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1)
  const own = path.split('/').slice(0, 2).join('/')
  return target.startsWith(`${own}/`)
    ? undefined
    : `leaves ${own}; write it as "#folder/file.ts", if the table allows that folder`
}
