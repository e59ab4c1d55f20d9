// A registry in a process of its own: node registry-process.ts DATA_DIR [PORT [SPEED]]. It prints its port.
// With a speed its clock runs that many times as fast.
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
import { fastClock } from './fast-clock.ts'

const [dataDir, port = '0', speed = '1'] = process.argv.slice(2)
if (dataDir === undefined) throw new Error('usage: registry-process.ts DATA_DIR [PORT]')

const file = path.join(dataDir, 'credentials/registry.json')
const clock = speed === '1' ? systemClock : fastClock(Number(speed))
const { users: platform } = parseCredentials(readFileSync(file, 'utf8'), file)
const access = new Access({ clock, platform })
const registry = await createRegistry({
  dataDir,
  access,
  tokenKey: Buffer.alloc(32, 7),
  clock,
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
