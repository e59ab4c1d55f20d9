// For the registry: projects, people and robots, from the hub while it answers and from the last state on
// disk while it does not.
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '#base/atomic-file.ts'
import { systemClock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { createInformer } from '#client/informer.ts'
import type { Informer } from '#client/types.ts'
import { projects } from '#kinds/ccs/project.ts'
import { robots } from '#kinds/ccs/robot.ts'
import { serviceRevisions } from '#kinds/ccs/service-revision.ts'
import { userGroups } from '#kinds/ccs/user-group.ts'
import { passwordSecrets, users } from '#kinds/ccs/user.ts'
import type { KubeObject } from '#kinds/object.ts'
import { secrets } from '#kinds/refs.ts'
import { type AccessState, emptyAccess } from '#registry/access/access-state.ts'
import { accessStateOf } from '#registry/access/state-of-objects.ts'
import type { Connection } from './hub-clusters.ts'

/** The last state on disk. It holds hashes of passwords, so that only root may read it. */
export function readAccess(file: string): AccessState {
  try {
    return { ...emptyAccess, ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<AccessState>) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return emptyAccess
    throw error
  }
}

export interface FollowAccessOptions {
  hub: Connection
  file: string
  log: Logger
  changed: (state: AccessState) => void
}

/** Calls back with each change, once it is on disk. Returns how to stop. */
export function followAccess({ hub, file, log, changed }: FollowAccessOptions): () => void {
  const { informers } = hub
  const followed = {
    projects: informers.informer(projects),
    users: informers.informer(users),
    groups: informers.informer(userGroups),
    robots: informers.informer(robots),
    revisions: informers.informer(serviceRevisions),
    secrets: createInformer({
      client: hub.client,
      kind: secrets,
      scope: { namespace: passwordSecrets.namespace },
      clock: systemClock,
      random: systemRandom,
      log,
    }),
  }
  let known = JSON.stringify(readAccess(file))
  let isDue = false
  const update = () => {
    isDue = false
    if (Object.values(followed).some(({ hasSynced }) => !hasSynced)) return
    const state = accessStateOf({
      projects: followed.projects.list(),
      users: followed.users.list(),
      groups: followed.groups.list(),
      robots: followed.robots.list(),
      revisions: followed.revisions.list(),
      secrets: followed.secrets.list(),
    })
    const text = JSON.stringify(state)
    if (text === known) return
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    writeFileAtomic(file, text, { mode: 0o600 })
    known = text
    changed(state)
  }
  // A list brings its objects one by one; they are one change.
  const updateSoon = () => {
    if (isDue) return
    isDue = true
    setImmediate(() => {
      try {
        update()
      } catch (error) {
        log.error('cannot keep who may use the registry', { file, error })
      }
    })
  }
  for (const informer of Object.values(followed) as Informer<KubeObject>[]) {
    informer.on({ added: updateSoon, updated: updateSoon, deleted: updateSoon })
    void informer.synced.then(updateSoon)
  }
  followed.secrets.start()
  return () => void followed.secrets.stop()
}
