import type { Controller } from './context.ts'

/** Several controllers as one: started in order, stopped together. */
export function combined(controllers: readonly Controller[]): Controller {
  return {
    start() {
      for (const controller of controllers) controller.start()
    },
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()))
    },
  }
}
