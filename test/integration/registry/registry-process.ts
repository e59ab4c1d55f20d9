// A registry in a process of its own: node registry-process.ts DATA_DIR [PORT]. It prints its port.
// Tests kill it without warning; benchmarks keep its work out of their own event loop.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { lineLogger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { Access } from '#registry/access/access.ts'
import { parseCredentials } from '#registry/credentials.ts'
import { listenRegistry } from '#registry/listen-registry.ts'
import { createRegistry } from '#registry/registry.ts'

const [dataDir, port = '0'] = process.argv.slice(2)
if (dataDir === undefined) throw new Error('usage: registry-process.ts DATA_DIR [PORT]')

const file = path.join(dataDir, 'credentials/registry.json')
const { users: platform } = parseCredentials(readFileSync(file, 'utf8'), file)
const access = new Access({ clock: systemClock, platform })
const registry = await createRegistry({
  dataDir,
  access,
  tokenKey: Buffer.alloc(32, 7),
  clock: systemClock,
  random: systemRandom,
  log: lineLogger({
    write: (line) => process.stderr.write(line),
    now: () => systemClock.now(),
    level: 'warn',
  }),
})
const listener = await listenRegistry({ registry, host: '127.0.0.1', port: Number(port) })
process.stdout.write(`${listener.port}\n`)

const stop = () => void listener.close().then(() => registry.close())
process.once('SIGTERM', stop)
// Nobody is left to stop it when the process that started it is gone.
process.stdin.once('end', stop).resume().unref()
