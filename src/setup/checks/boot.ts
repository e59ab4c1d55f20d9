// Whether the instance comes back by itself after a reboot.
import { hasUnit, isUnitCurrent, type Systemd, unitName } from '../boot-unit.ts'
import type { InstancePaths } from '../instance.ts'
import { type Check, ok, warn } from './check.ts'

export const bootCheck: Check<{ paths: InstancePaths; systemd: Systemd; root: string }> = {
  name: 'boot',
  look({ paths, systemd, root }) {
    if (!hasUnit(systemd, paths))
      return [ok("a reboot leaves it stopped; 'ccs up --at-boot' has systemd start it")]
    if (!isUnitCurrent(systemd, paths, root))
      return [
        warn(
          `${unitName(paths)} was written by another checkout or version of ccs`,
          "'ccs up' writes it anew",
        ),
      ]
    return [ok(`${unitName(paths)} starts it at boot`)]
  },
}
