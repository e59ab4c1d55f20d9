// Keeps our accept rules in the host's filter table, also when Docker or a firewall starts or starts
// anew while we run.
import type { Clock, Timer } from '#base/clock.ts'
import { describeError, type Logger } from '#base/log.ts'
import { acceptInHostFilter } from '#linux/host-filter.ts'
import type { InstanceNames } from '#linux/instance-names.ts'
import type { NftSession } from '#linux/nft.ts'

/** Short enough that a lost packet is sent again before anyone gives up. */
const INTERVAL_MS = 1_000

export interface HostFilterGuard {
  start(): void
  stop(): void
}

export function createHostFilterGuard(options: {
  session: NftSession
  names: InstanceNames
  clock: Clock
  log: Logger
}): HostFilterGuard {
  const { session, names, clock, log } = options
  const mark = { comment: names.ruleComment, linkPrefix: names.linkPrefix }
  let timer: Timer | undefined
  let isStopped = false
  let lastProblem = ''

  const look = async () => {
    try {
      const changed = await acceptInHostFilter(session, mark)
      if (changed.length > 0) log.info('accept rules added to the host filter', { chains: changed })
      lastProblem = ''
    } catch (error) {
      const problem = describeError(error)
      if (problem !== lastProblem && !isStopped)
        log.warn('the host filter cannot be looked at', { error })
      lastProblem = problem
    }
    if (!isStopped) timer = clock.after(INTERVAL_MS, () => void look())
  }
  return {
    start: () => void look(),
    stop() {
      isStopped = true
      timer?.cancel()
    },
  }
}
