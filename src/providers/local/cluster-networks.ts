// The plans of clusters whose router stands, shared by the cluster and the machine controller.
import type { ClusterPlan } from './network-plan.ts'

export class ClusterNetworks {
  readonly #plans = new Map<string, ClusterPlan>()
  readonly #listeners: ((cluster: string) => void)[] = []

  get(cluster: string): ClusterPlan | undefined {
    return this.#plans.get(cluster)
  }

  set(cluster: string, plan: ClusterPlan): void {
    this.#plans.set(cluster, plan)
    for (const listener of this.#listeners) listener(cluster)
  }

  delete(cluster: string): void {
    this.#plans.delete(cluster)
  }

  /** Calls `listener` when a cluster's network has been made. */
  onReady(listener: (cluster: string) => void): void {
    this.#listeners.push(listener)
  }
}
