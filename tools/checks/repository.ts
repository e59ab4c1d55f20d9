// Reads the repository's own files for the checks of test/unit.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface RepositoryFile {
  /** From the root, with slashes: "src/base/clock.ts". */
  path: string
  sizeBytes: number
  /** Empty for files that are not text. */
  text: string
}

/** What is not ours to check: installed packages and everything that starts with a dot. */
const SKIPPED = /(^|\/)(node_modules|\.[^/]+)(\/|$)/
const TEXT = /(\.(ts|tsx|js|json|md|ya?ml|sh|css|html|txt)|(^|\/)[^./]+)$/

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Every file below `folder` (from the root), in order of path. */
export function repositoryFiles(folder = '.'): RepositoryFile[] {
  const files: RepositoryFile[] = []
  const visit = (directory: string) => {
    for (const entry of readdirSync(root + directory, { withFileTypes: true })) {
      const path = directory === '.' ? entry.name : `${directory}/${entry.name}`
      if (SKIPPED.test(path)) continue
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile()) files.push(read(path))
    }
  }
  visit(folder)
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function read(path: string): RepositoryFile {
  const { size } = statSync(root + path)
  return { path, sizeBytes: size, text: TEXT.test(path) ? readFileSync(root + path, 'utf8') : '' }
}

export function readText(path: string): string {
  return readFileSync(root + path, 'utf8')
}
