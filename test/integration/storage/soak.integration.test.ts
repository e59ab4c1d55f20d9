import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { runSoak } from '../../soak/run-soak.ts'

/** What `npm run soak` does a thousand times. */
const TIMES = 20

test(
  'no promise is broken by kill -9 and by power loss under load, and watches resume',
  { timeout: 170_000 },
  async (context) => {
    const say = (line: string) => context.diagnostic(line)
    const missing = await runSoak({ times: TIMES, seed: 1, directory: tmpdir(), say })
    if (missing.length > 0) context.skip(missing.join('; '))
  },
)
