import type { ComponentHealth } from '#apiserver/context.ts'

/** The parts of a cluster that live and die with this process: while it answers, they work once started. */
export const componentsOf = (isHealthy: boolean): ComponentHealth[] =>
  ['scheduler', 'controller-manager'].map((name) => ({
    name,
    isHealthy,
    message: isHealthy ? 'ok' : 'is not running',
  }))
