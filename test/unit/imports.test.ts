import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importProblems, importsOf, parseImportTable } from '../../tools/checks/import-rules.ts'
import { readText, repositoryFiles } from '../../tools/checks/repository.ts'

const table = parseImportTable(readText('docs/ARCHITECTURE.md'))
const manifest = JSON.parse(readText('package.json')) as {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}
const packages = {
  runtime: new Set(Object.keys(manifest.dependencies)),
  development: new Set(Object.keys(manifest.devDependencies)),
}

test('every import of src keeps to the table of docs/ARCHITECTURE.md', () => {
  const problems = repositoryFiles('src')
    .filter((file) => file.path.endsWith('.ts'))
    .flatMap((file) => importProblems(file, table, packages))
  assert.deepEqual(problems, [], `\n${problems.join('\n')}\n`)
})

test('every folder of src has a row in docs/ARCHITECTURE.md', () => {
  const folders = new Set(repositoryFiles('src').map((file) => file.path.split('/')[1]!))
  const missing = [...folders].filter((folder) => !table.has(folder))
  assert.deepEqual(missing, [], `add a row for ${missing.join(', ')} to the table of folders`)
})

test('the table of docs/ARCHITECTURE.md names only folders that have a row themselves', () => {
  const unknown = [...table].flatMap(([folder, allowed]) =>
    allowed === 'everything'
      ? []
      : [...allowed].filter((name) => !table.has(name)).map((name) => `${folder} -> ${name}`),
  )
  assert.deepEqual(unknown, [])
})

test('the table of docs/ARCHITECTURE.md has no cycle', () => {
  const above = new Map<string, string[]>()
  const visit = (folder: string, path: string[]): void => {
    assert.ok(!path.includes(folder), `cycle: ${[...path, folder].join(' -> ')}`)
    const allowed = table.get(folder)
    if (above.has(folder) || allowed === undefined || allowed === 'everything') return
    for (const next of allowed) visit(next, [...path, folder])
    above.set(folder, path)
  }
  for (const folder of table.keys()) visit(folder, [])
})

const planted: [criterion: string, path: string, text: string, problem: RegExp][] = [
  [
    'a sibling',
    'src/network/a.ts',
    "import { b } from '#node/b.ts'",
    /network may import .*not node/,
  ],
  [
    'a folder above',
    'src/base/a.ts',
    "import type { B } from '#kinds/b.ts'",
    /base may import nothing/,
  ],
  [
    'a way out of the folder',
    'src/node/a.ts',
    "import { b } from '../linux/b.ts'",
    /leaves src\/node/,
  ],
  ['the own folder by its name', 'src/node/a.ts', "import { b } from '#node/b.ts'", /same folder/],
  ['no extension', 'src/node/a.ts', "import { b } from './b'", /extension/],
  ['an unknown package', 'src/node/a.ts', "import left from 'left-pad'", /not in package\.json/],
  ['a test package', 'src/node/a.ts', "import fc from 'fast-check'", /only tests/],
  ['an import on several lines', 'src/base/a.ts', "import {\n  b,\n} from '#cli/b.ts'", /not cli/],
  ['a dynamic import', 'src/base/a.ts', "  const b = await import('#cli/b.ts')", /not cli/],
  ['a re-export', 'src/base/a.ts', "export { b } from '#cli/b.ts'", /not cli/],
]

for (const [criterion, path, text, problem] of planted)
  test(`importProblems finds ${criterion}`, () => {
    const problems = importProblems({ path, text }, table, packages)
    assert.equal(problems.length, 1)
    assert.match(problems[0]!, problem)
  })

test('importProblems allows what the table allows', () => {
  const text = [
    "import { readFileSync } from 'node:fs'",
    "import { Writer } from '@grpc/grpc-js/build/x.js'",
    "import type { Clock } from '#base/clock.ts'",
    "import { b } from './deep/b.ts'",
  ].join('\n')
  assert.deepEqual(importProblems({ path: 'src/node/a.ts', text }, table, packages), [])
  const fromMain = "import { b } from '#node/b.ts'"
  assert.deepEqual(importProblems({ path: 'src/main/a.ts', text: fromMain }, table, packages), [])
})

test('importsOf does not take a comment for an import', () => {
  assert.deepEqual(importsOf("// see import x from 'y'\nconst text = 'import a from b'"), [])
})
