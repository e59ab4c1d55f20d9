// What the simulation is worth: each bug of a list, put in from outside, is found within a few seeds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plantedBugs } from '#sim/planted/planted-bugs.ts'
import { firstProblem } from '#sim/planted/first-problem.ts'

for (const bug of plantedBugs)
  test(`runSimulation finds ${bug.name}`, async () => {
    assert.match(await firstProblem(bug), bug.found)
  })
