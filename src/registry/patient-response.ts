// An answer that takes longer than a silent connection may last: white space, which JSON allows before a value, is
// sent until it is there. What fails by then cuts the connection, since the status is sent already.
import type { Clock } from '#base/clock.ts'
import type { RegistryResponse } from './http-message.ts'
import { registryLimits } from './registry-limits.ts'

export const patientResponse = (work: Promise<unknown>, clock: Clock): RegistryResponse => ({
  status: 200,
  headers: { 'Content-Type': 'application/json' },
  body: spaced(work, clock),
})

async function* spaced(work: Promise<unknown>, clock: Clock): AsyncGenerator<Uint8Array> {
  for (;;) {
    const pause = Promise.withResolvers<undefined>()
    const timer = clock.after(registryLimits.patienceMs, () => pause.resolve(undefined))
    try {
      const done = await Promise.race([work.then((value) => ({ value })), pause.promise])
      if (done !== undefined) return yield Buffer.from(JSON.stringify(done.value))
    } finally {
      timer.cancel()
    }
    yield Buffer.from('\n')
  }
}
