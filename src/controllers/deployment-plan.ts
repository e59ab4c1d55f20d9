// What a Deployment should do next: which ReplicaSet to make, resize or delete, and what to say in its
// status. Pure; `deployment.ts` carries it out.
import type { Deployment, DeploymentStatus, ReplicaSet } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { conditionOf, controllerReference, isDeleting } from '#kinds/meta.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { deployments as deploymentKind } from '#kinds/refs.ts'
import {
  countedStatus,
  deadlineAfterMs,
  isComplete,
  pauseConditions,
  progressDeadlineMs,
  withDeploymentCondition,
  withProgress,
} from './deployment-status.ts'
import { HASH_LABEL, isSameTemplate, podTemplateHash } from './pod-template-hash.ts'
import {
  REVISION,
  desiredReplicasOf,
  maxRevision,
  newestAnnotations,
  revisionOf,
  sizeAnnotations,
} from './replica-set-annotations.ts'
import {
  availableReplicas,
  isRollingUpdate,
  newReplicaSetSize,
  oldReplicaSetSizes,
  oldestFirst,
  proportionalSizes,
  rolloutBounds,
  specReplicas,
  sumOf,
} from './rollout-size.ts'

export interface DeploymentSnapshot {
  deployment: Deployment
  /** ReplicaSets that it owns. */
  replicaSets: readonly ReplicaSet[]
  podsOf(replicaSet: ReplicaSet): readonly Pod[]
  nowMs: number
}

export interface DeploymentPlan {
  create: ReplicaSet | undefined
  /** Sets as they are and as they should be. */
  updates: { from: ReplicaSet; to: ReplicaSet }[]
  deletes: ReplicaSet[]
  /** Revision to note on the Deployment; undefined when it is noted. */
  revision: string | undefined
  status: DeploymentStatus
  afterMs: number | undefined
}

export function planDeployment(snapshot: DeploymentSnapshot): DeploymentPlan {
  const draft = new RolloutDraft(snapshot)
  const { paused = false } = draft.deployment.spec
  if (isDeleting(draft.deployment)) return draft.finish({ judgeProgress: false })
  draft.notePause()
  if (paused || draft.isScaling()) {
    draft.findNewest({ create: false })
    draft.scale()
    if (paused) draft.cleanUp()
    return draft.finish({ judgeProgress: false })
  }
  if (isRollingUpdate(draft.deployment)) draft.rollingUpdate()
  else draft.recreate()
  return draft.finish({ judgeProgress: true })
}

/** The sets as they will be when the plan is carried out; each step of a rollout changes it. */
class RolloutDraft {
  deployment: Deployment
  readonly #snapshot: DeploymentSnapshot
  /** By name, oldest first. */
  readonly #sets: Map<string, ReplicaSet>
  readonly #deletes: ReplicaSet[] = []
  #created: ReplicaSet | undefined
  #newestName: string | undefined
  #revision: string | undefined

  constructor(snapshot: DeploymentSnapshot) {
    this.#snapshot = snapshot
    this.deployment = snapshot.deployment
    this.#sets = new Map(oldestFirst(snapshot.replicaSets).map((set) => [set.metadata.name, set]))
    this.#newestName = this.all.find((set) => this.#isCurrent(set))?.metadata.name
  }

  get all(): ReplicaSet[] {
    return [...this.#sets.values()]
  }

  get newest(): ReplicaSet | undefined {
    return this.#newestName === undefined ? undefined : this.#sets.get(this.#newestName)
  }

  get old(): ReplicaSet[] {
    return this.all.filter(({ metadata }) => metadata.name !== this.#newestName)
  }

  #isCurrent({ spec }: ReplicaSet): boolean {
    return (
      spec.template !== undefined && isSameTemplate(spec.template, this.deployment.spec.template)
    )
  }

  #setConditions(conditions: DeploymentStatus['conditions']): void {
    this.deployment = { ...this.deployment, status: { ...this.deployment.status, conditions } }
  }

  notePause(): void {
    const conditions = pauseConditions(this.deployment, this.#snapshot.nowMs)
    if (conditions) this.#setConditions([...conditions])
  }

  #noteProgress(reason: string, message: string): void {
    if (progressDeadlineMs(this.deployment) === undefined) return
    const condition = { type: 'Progressing', status: 'True', reason, message }
    const conditions = this.deployment.status?.conditions ?? []
    this.#setConditions([...withDeploymentCondition(conditions, condition, this.#snapshot.nowMs)])
  }

  /** Whether the wish for replicas changed since the sets were sized. */
  isScaling(): boolean {
    return this.all.some((set) => {
      const desired = desiredReplicasOf(set)
      return (
        specReplicas(set) > 0 && desired !== undefined && desired !== specReplicas(this.deployment)
      )
    })
  }

  /** Makes sure that the set of the current template is there and carries its revision. */
  findNewest({ create }: { create: boolean }): void {
    const revision = maxRevision(this.old) + 1
    const { newest } = this
    if (newest) {
      const { annotations = {} } = newest.metadata
      const wanted = newestAnnotations(this.deployment, annotations, revision)
      this.#sets.set(newest.metadata.name, {
        ...newest,
        metadata: { ...newest.metadata, annotations: wanted },
        spec: { ...newest.spec, minReadySeconds: this.deployment.spec.minReadySeconds },
      })
      this.#noteRevision(wanted[REVISION])
      if (!conditionOf(this.deployment.status?.conditions, 'Progressing'))
        this.#noteProgress('FoundNewReplicaSet', `Found new replica set "${newest.metadata.name}"`)
    } else if (create) {
      const made = this.#makeReplicaSet(revision)
      const { name } = made.metadata
      this.#created = made
      this.#newestName = name
      this.#sets.set(name, made)
      this.#noteRevision(String(revision))
      this.#noteProgress('NewReplicaSetCreated', `Created new replica set "${name}"`)
    }
  }

  #noteRevision(revision: string | undefined): void {
    if (revision === this.deployment.metadata.annotations?.[REVISION]) return
    this.#revision = revision
  }

  #makeReplicaSet(revision: number): ReplicaSet {
    const { metadata, spec, status } = this.deployment
    const hash = podTemplateHash(spec.template, status?.collisionCount)
    const labels = { ...spec.template.metadata?.labels, [HASH_LABEL]: hash }
    const { matchLabels } = spec.selector
    const { maxSurge } = rolloutBounds(this.deployment)
    return {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${metadata.name}-${hash}`,
        namespace: metadata.namespace,
        labels,
        annotations: {
          ...newestAnnotations(this.deployment, {}, revision),
          ...sizeAnnotations(specReplicas(this.deployment), maxSurge),
        },
        ownerReferences: [controllerReference(this.deployment, deploymentKind)],
      },
      spec: {
        replicas: newReplicaSetSize(this.deployment, this.all, 0),
        minReadySeconds: spec.minReadySeconds,
        selector: { ...spec.selector, matchLabels: { ...matchLabels, [HASH_LABEL]: hash } },
        template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
      },
    }
  }

  /** Gives a set a size; true when that is another than before. */
  #resize({ metadata: { name } }: ReplicaSet, replicas: number): boolean {
    const set = this.#sets.get(name)!
    const { maxSurge } = rolloutBounds(this.deployment)
    const annotations = {
      ...set.metadata.annotations,
      ...sizeAnnotations(specReplicas(this.deployment), maxSurge),
    }
    const metadata = { ...set.metadata, annotations }
    this.#sets.set(name, { ...set, metadata, spec: { ...set.spec, replicas } })
    return specReplicas(set) !== replicas
  }

  #resizeAll(sizes: ReadonlyMap<string, number>): boolean {
    const changed = this.all
      .filter(({ metadata }) => sizes.has(metadata.name))
      .map(
        (set) =>
          specReplicas(set) !== sizes.get(set.metadata.name) &&
          this.#resize(set, sizes.get(set.metadata.name)!),
      )
    return changed.includes(true)
  }

  /** Follows a new wish for replicas without going on with the rollout. */
  scale(): void {
    const active = this.all.filter((set) => specReplicas(set) > 0)
    const wanted = specReplicas(this.deployment)
    const only = active.length === 0 ? (this.newest ?? this.old.at(-1)) : active[0]
    if (active.length <= 1) {
      if (only) this.#resize(only, wanted)
    } else if (this.#isSaturated()) {
      for (const set of this.old) if (specReplicas(set) > 0) this.#resize(set, 0)
    } else if (isRollingUpdate(this.deployment)) {
      const sizes = proportionalSizes(this.deployment, active)
      for (const set of active) this.#resize(set, sizes.get(set.metadata.name) ?? specReplicas(set))
    }
  }

  /** Whether the newest set alone already gives all that is wished for. */
  #isSaturated(): boolean {
    const wanted = specReplicas(this.deployment)
    return (
      this.newest !== undefined &&
      desiredReplicasOf(this.newest) === wanted &&
      specReplicas(this.newest) === wanted &&
      availableReplicas(this.newest) === wanted
    )
  }

  rollingUpdate(): void {
    this.findNewest({ create: true })
    const newest = this.newest!
    const wanted = specReplicas(this.deployment)
    const current = specReplicas(newest)
    // One step at a time: what was asked for must show in the counts before the next is planned.
    const size = current > wanted ? wanted : newReplicaSetSize(this.deployment, this.all, current)
    if (current !== wanted && this.#resize(newest, size)) return
    if (sumOf(this.old, specReplicas) > 0) {
      if (this.#resizeAll(oldReplicaSetSizes(this.deployment, newest, this.old))) return
    }
    this.#cleanUpWhenComplete()
  }

  recreate(): void {
    this.findNewest({ create: false })
    const running = this.old.filter((set) => specReplicas(set) > 0)
    for (const set of running) this.#resize(set, 0)
    if (running.length > 0 || this.#oldPodsRun()) return
    this.findNewest({ create: true })
    this.#resize(this.newest!, specReplicas(this.deployment))
    this.#cleanUpWhenComplete()
  }

  #oldPodsRun(): boolean {
    return this.old.some(
      (set) =>
        (set.status?.replicas ?? 0) > 0 ||
        this.#snapshot.podsOf(set).some((pod) => !isPodFinished(pod)),
    )
  }

  #cleanUpWhenComplete(): void {
    if (this.deployment.status && isComplete(this.deployment, this.deployment.status))
      this.cleanUp()
  }

  /** Deletes the oldest revisions beyond the limit, once nothing of them runs. */
  cleanUp(): void {
    const limit = this.deployment.spec.revisionHistoryLimit
    if (limit === undefined) return
    const alive = this.old.filter((set) => !isDeleting(set))
    const excess = alive
      .toSorted((a, b) => revisionOf(a) - revisionOf(b))
      .slice(0, Math.max(0, alive.length - limit))
    for (const set of excess) {
      const { generation = 0, name } = set.metadata
      const isSettled = generation <= (set.status?.observedGeneration ?? 0)
      if (specReplicas(set) > 0 || (set.status?.replicas ?? 0) > 0 || !isSettled) continue
      this.#sets.delete(name)
      this.#deletes.push(set)
    }
  }

  finish({ judgeProgress }: { judgeProgress: boolean }): DeploymentPlan {
    const { nowMs, replicaSets } = this.#snapshot
    const sets = { newest: this.newest, all: this.all }
    const counted = countedStatus(this.deployment, sets, nowMs)
    const status = judgeProgress ? withProgress(this.deployment, counted, sets, nowMs) : counted
    return {
      create: this.#created && this.#sets.get(this.#created.metadata.name),
      updates: replicaSets
        .map((from) => ({ from, to: this.#sets.get(from.metadata.name) ?? from }))
        .filter(({ from, to }) => isChanged(from, to)),
      deletes: this.#deletes,
      revision: this.#revision,
      status,
      afterMs: judgeProgress ? deadlineAfterMs(this.deployment, status, nowMs) : undefined,
    }
  }
}

/** Only what a Deployment writes on its sets is compared. */
function isChanged(from: ReplicaSet, to: ReplicaSet): boolean {
  const written = ({ metadata, spec }: ReplicaSet) =>
    JSON.stringify([
      specReplicas({ spec }),
      spec.minReadySeconds ?? 0,
      Object.entries(metadata.annotations ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ])
  return from !== to && written(from) !== written(to)
}
