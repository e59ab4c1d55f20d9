import { runSimulation } from '../simulation.ts'
import type { PlantedBug } from './planted-bugs.ts'

const FIRST_SEED = 40

/** What the first of a few seeds finds: which one hits upon a bug changes with every draw. */
export async function firstProblem({ seedsMax, name: _name, found: _found, ...bug }: PlantedBug) {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + seedsMax; seed++) {
    const { problem } = await runSimulation({ ...bug, seed, pace: 'hectic' })
    if (problem !== undefined) return problem
  }
  return 'none'
}
