import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { ccsCommandsIn, npmScriptsIn } from '../../tools/checks/readme-commands.ts'
import { readText, repositoryFiles, root } from '../../tools/checks/repository.ts'
import { tidyProblems, tidyRules } from '../../tools/checks/tidy-rules.ts'

const files = repositoryFiles()
const manifest = JSON.parse(readText('package.json')) as {
  scripts: Record<string, string>
  dependencies: Record<string, string>
}

for (const rule of tidyRules)
  test(`no file of the repository has ${rule.name}`, () => {
    const problems = files.flatMap((file) => tidyProblems(file, [rule]))
    assert.deepEqual(problems, [], `\n${problems.join('\n')}\n`)
  })

test('every runtime dependency has its reason in docs/decisions', () => {
  const decisions = files
    .filter(({ path }) => /^docs\/decisions\/.*\.md$/.test(path))
    .map(({ text }) => text)
    .join('\n')
  const missing = Object.keys(manifest.dependencies).filter(
    (name) => !decisions.includes(`\`${name}\``),
  )
  assert.deepEqual(
    missing,
    [],
    `say in docs/decisions/0001-dependencies.md why we depend on ${missing.join(', ')}`,
  )
})

test('every npm script README.md names exists', () => {
  const missing = [...npmScriptsIn(readText('README.md'))].filter((name) => !manifest.scripts[name])
  assert.deepEqual(missing, [], 'README.md names npm scripts that package.json does not have')
})

test('every ccs command README.md names exists', () => {
  // The launcher answers `test` itself; all else is a file of src/cli, or a folder for a group.
  const launcher = existsSync(`${root}ccs`) ? readText('ccs') : ''
  const commands = new Set(
    repositoryFiles('src/cli').flatMap(({ path }) => path.replace(/\.ts$/, '').split('/').slice(2)),
  )
  const missing = [...ccsCommandsIn(readText('README.md'))].filter(
    (name) => !commands.has(name) && !new RegExp(`^\\s*${name}\\)`, 'm').test(launcher),
  )
  assert.deepEqual(missing, [], 'README.md names commands that src/cli does not have')
})

const planted: [criterion: string, path: string, text: string, found: RegExp][] = [
  ['a file of 501 lines', 'src/node/a.ts', 'x\n'.repeat(501), /501 lines/],
  ['a file named helpers', 'src/node/helpers.ts', '', /can hold anything/],
  ['a folder named utils', 'src/utils/a.ts', '', /can hold anything/],
  ['TODO', 'src/node/a.ts', '// TODO later', /line 1/],
  ['FIXME in a document', 'docs/a.md', 'x\nFIXME', /line 2/],
  ['an empty catch', 'src/node/a.ts', 'try { a() } catch (error) {\n}', /swallowed/],
  ['Date.now', 'src/node/a.ts', 'const now = Date.now', /Clock/],
  ['new Date()', 'src/node/a.ts', 'const now = new Date()', /Clock/],
  ['performance.now', 'src/cli/a.ts', 'performance.now()', /Clock/],
  ['Math.random', 'src/node/a.ts', 'Math.random()', /Random/],
  ['crypto.randomUUID', 'src/node/a.ts', 'crypto.randomUUID()', /Random/],
  ['setTimeout', 'src/node/a.ts', 'setTimeout(f, 1)', /clock\.after/],
  ['setInterval', 'src/node/a.ts', 'setInterval(f, 1)', /clock\.after/],
  ['timers/promises', 'src/node/a.ts', "import { x } from 'node:timers/promises'", /clock\.after/],
  ['process.env', 'src/node/a.ts', 'process.env.HOME', /src\/main/],
]

for (const [criterion, path, text, found] of planted)
  test(`tidyProblems finds ${criterion}`, () => {
    const problems = tidyProblems({ path, text, sizeBytes: text.length })
    assert.equal(problems.length, 1, problems.join('\n'))
    assert.match(problems[0]!, found)
  })

test('tidyProblems finds a file over 200 KB', () => {
  assert.equal(tidyProblems({ path: 'docs/a.png', text: '', sizeBytes: 300_000 }).length, 1)
  assert.equal(tidyProblems({ path: 'test/data/a.json', text: '', sizeBytes: 300_000 }).length, 0)
})

test('tidyProblems lets a socket have a timeout of its own', () => {
  const text = 'socket.setTimeout(1_000)'
  assert.deepEqual(tidyProblems({ path: 'src/node/a.ts', text, sizeBytes: 1 }), [])
})

test('tidyProblems lets base read the real time, and comments name it', () => {
  const text = 'const now = Date.now()'
  assert.deepEqual(tidyProblems({ path: 'src/base/a.ts', text, sizeBytes: 1 }), [])
  assert.deepEqual(tidyProblems({ path: 'src/node/a.ts', text: `// ${text}`, sizeBytes: 1 }), [])
})

test('ccsCommandsIn and npmScriptsIn read blocks and inline code', () => {
  const document =
    'Run `./ccs status -o json`.\n\n```sh\n$ ./ccs up --demo\nnpm run sim\nnpm test\n```\n'
  assert.deepEqual([...ccsCommandsIn(document)].toSorted(), ['status', 'up'])
  assert.deepEqual([...npmScriptsIn(document)].toSorted(), ['sim', 'test'])
})
