import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Project, ProjectSpec } from './project.ts'
import type { Robot } from './robot.ts'
import { validateProject, validateRobot } from './validate-patterns.ts'

const project = (spec: Partial<ProjectSpec>) =>
  validateProject({
    metadata: { name: 'p' },
    spec: { visibility: 'Private', ...spec },
  } as Project).map(({ field }) => field)

test('a project whose patterns and schedule are right is taken', () => {
  const rules = [{ repositories: '**', tags: 'v{1,2}.*', keepLast: 3 }]
  assert.deepEqual(project({ immutableTags: [{ repositories: 'web/*', tags: 'v*' }] }), [])
  assert.deepEqual(project({ retention: { rules, schedule: '30 3 * * *' } }), [])
})

test('what is no pattern or no schedule is named', () => {
  const tag = { repositories: '**', tags: 'v(1)' }
  assert.deepEqual(project({ immutableTags: [tag] }), ['spec.immutableTags[0].tags'])
  assert.deepEqual(project({ retention: { rules: [tag], schedule: 'soon' } }), [
    'spec.retention.rules[0].tags',
    'spec.retention.schedule',
  ])
  const permissions = [{ repositories: '{a', actions: ['pull'] }]
  const robot = {
    metadata: { name: 'r' },
    spec: { permissions, tokenHash: '' },
  } as unknown as Robot
  assert.deepEqual(
    validateRobot(robot).map(({ field }) => field),
    ['spec.permissions[0].repositories'],
  )
})
