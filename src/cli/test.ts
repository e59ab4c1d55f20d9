// `ccs test`: everything that says whether this checkout works, in one command.
import { spawn } from 'node:child_process'
import { installPackages } from '#setup/install.ts'
import { SYSTEM_PACKAGES, TEST_PACKAGES } from '#setup/packages.ts'
import type { CommandContext } from './context.ts'
import { EXIT, Failure } from './failure.ts'

export interface TestOptions {
  unit?: boolean
}

interface Step {
  name: string
  argv: string[]
}

const nodeTest = (...args: string[]) => [
  process.execPath,
  '--test',
  '--test-reporter=spec',
  ...args,
]

const CHECKS: readonly Step[] = [
  { name: 'types', argv: ['node_modules/.bin/tsc'] },
  { name: 'lint', argv: ['node_modules/.bin/oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', argv: ['node_modules/.bin/oxfmt', '--check'] },
  {
    name: 'unit tests',
    argv: nodeTest(
      '--test-isolation=none',
      'src/**/*.test.ts',
      'tools/**/*.test.ts',
      'test/unit/**/*.test.ts',
    ),
  },
]

/**
 * On real namespaces, containerd and clients; one file after the other, since they share the computer. A test that fails
 * may leave a thread or a socket: the file ends all the same, and the rest runs.
 */
const REAL: readonly Step[] = [
  {
    name: 'integration tests',
    argv: nodeTest(
      '--test-concurrency=1',
      '--test-timeout=180000',
      '--test-force-exit',
      'test/integration/**/*.test.ts',
    ),
  },
  {
    name: 'end-to-end tests',
    argv: nodeTest(
      '--test-concurrency=1',
      '--test-timeout=600000',
      '--test-force-exit',
      'test/e2e/**/*.e2e.ts',
    ),
  },
]

function runStep(root: string, { argv }: Step): Promise<boolean> {
  const [command, ...args] = argv as [string, ...string[]]
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', reject)
    child.on('close', (code) => resolve(code === 0))
  })
}

/** Runs every step, also after one failed, and names those that did. */
export async function runTests(context: CommandContext, options: TestOptions): Promise<void> {
  if (!options.unit) {
    if (process.getuid?.() !== 0)
      throw new Failure(
        "the tests on real machines need root: 'sudo ./ccs test'. Without: './ccs test --unit'",
      )
    await installPackages([...SYSTEM_PACKAGES, ...TEST_PACKAGES], context)
  }
  const failed: string[] = []
  for (const step of options.unit ? CHECKS : [...CHECKS, ...REAL]) {
    context.say(`\n== ${step.name}`)
    const started = context.clock.now()
    const passed = await runStep(context.root, step)
    const seconds = ((context.clock.now() - started) / 1000).toFixed(1)
    context.say(`== ${step.name}: ${passed ? 'passed' : 'FAILED'} (${seconds} s)`)
    if (!passed) failed.push(step.name)
  }
  if (failed.length > 0) throw new Failure(`failed: ${failed.join(', ')}`, EXIT.failed)
  context.say('\nEverything passed.')
}
