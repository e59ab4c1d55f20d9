import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerServiceSpec } from '#kinds/ccs/container-service.ts'
import { specPatch } from './change.ts'
import { parseEnv, parsePort, parseReadiness, type SpecFlags, withFlags } from './spec-flags.ts'

const before: ContainerServiceSpec = {
  cluster: 'local',
  image: 'web:1',
  ports: [{ port: 80, protocol: 'TCP' }],
  env: [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
  ],
  resources: { limits: { cpu: '1' }, requests: { cpu: '500m' } },
}

const after = (flags: SpecFlags, words: string[] = []) => withFlags('web', before, flags, words)

test('withFlags changes what the flags name and leaves the rest', () => {
  assert.deepEqual(after({}), before)
  assert.deepEqual(after({ port: ['443:8443', '53/udp'] }).ports, [
    { port: 443, targetPort: 8443, protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
  ])
  assert.deepEqual(after({ env: ['B=x=y', 'A-', 'C='] }).env, [
    { name: 'B', value: 'x=y' },
    { name: 'C', value: '' },
  ])
  assert.deepEqual(after({ limits: 'none', requests: 'memory=64Mi' }).resources, {
    requests: { memory: '64Mi' },
  })
  assert.deepEqual(after({ readiness: 'http:8080/up' }).readiness, {
    type: 'HTTP',
    port: 8080,
    path: '/up',
  })
  assert.equal(after({ maxUnavailable: '50%' }).maxUnavailable, '50%')
  assert.equal(after({ maxUnavailable: '3' }).maxUnavailable, 3)
  assert.deepEqual(after({}, ['-v', 'x']).args, ['-v', 'x'])
  assert.deepEqual(after({ command: true }, ['sh']).command, ['sh'])
})

test('withFlags refuses what cannot be, and says what to write', () => {
  const cases: [SpecFlags, RegExp][] = [
    [{ port: ['80', '80:81/tcp'] }, /--port "80:81\/tcp": port 80\/TCP is given twice/],
    [{ env: ['novalue'] }, /--env "novalue": write NAME=VALUE, or NAME- to take it away/],
    [{ env: ['=x'] }, /write NAME=VALUE/],
    [{ env: ['C-'] }, /--env "C-": it is not set/],
    [{ env: ['A=1', 'A=2'] }, /--env A is given twice/],
    [{ limits: 'cpu' }, /--limits "cpu": write cpu=250m,memory=64Mi, or none/],
    [{ limits: 'mem=1Gi' }, /spec\.resources\.limits\[mem\].*Did you mean "memory"\?/],
    [
      { limits: 'cpu=100m' },
      /spec\.resources\.requests: .*less than or equal to cpu limit of 100m/,
    ],
    [{ requests: 'memory=lots' }, /spec\.resources: .*quantit/],
    [{ readiness: 'grpc' }, /--readiness "grpc": write tcp, tcp:8080/],
    [{ readiness: 'tcp/x' }, /--readiness "tcp\/x"/],
    [{ readiness: 'http:0/x' }, /"0" is no port/],
    [{ maxUnavailable: '0' }, /--max-unavailable "0": write a number from 1/],
    [{ maxUnavailable: '101%' }, /--max-unavailable/],
    [{ image: 'Not An Image' }, /spec\.image: .*is not an image name/],
    [{ command: true }, /--command: write the command at the end, after --/],
  ]
  for (const [flags, message] of cases)
    assert.throws(() => after(flags), { message, exitCode: 2 }, JSON.stringify(flags))
})

test('parsePort, parseEnv and parseReadiness read the short forms', () => {
  assert.deepEqual(parsePort('8080'), { port: 8080, protocol: 'TCP' })
  assert.deepEqual(parseEnv('A-B=1'), { name: 'A-B', value: '1' })
  assert.deepEqual(parseReadiness('none'), { type: 'None' })
  assert.deepEqual(parseReadiness('http:/'), { type: 'HTTP', path: '/' })
  for (const wrong of ['', '0', '65536', '1e3', '80:', ':80', '80:81:82', '80/tcp/x', '80/icmp'])
    assert.throws(() => parsePort(wrong), { exitCode: 2 }, wrong)
})

test('specPatch names what is gone, also inside of objects, and nothing that stays', () => {
  const patch = specPatch(before, after({ limits: 'none', requests: 'memory=1Gi', env: ['A-'] }))
  assert.deepEqual(patch, {
    env: [{ name: 'B', value: '2' }],
    resources: { limits: null, requests: { cpu: null, memory: '1Gi' } },
  })
  assert.deepEqual(specPatch(before, after({})), {})
  assert.deepEqual(specPatch({ ...before, readiness: { type: 'None' } }, before), {
    readiness: null,
  })
})
