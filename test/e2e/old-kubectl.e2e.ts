// A kubectl of years ago: it asks for OpenAPI v2 in protobuf and speaks SPDY, as all before 1.30 do.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { unpackPackage } from '../programs/private-package.ts'
import { eventually, fetchText, freePort, Instance, type Result, run } from './instance.ts'

const work = mkdtempSync(path.join(tmpdir(), 'ccs-old-kubectl-'))
const unpacked = await unpackPackage('kubernetes-client', work)
const program = 'root' in unpacked ? path.join(unpacked.root, 'usr/bin/kubectl') : ''

let instance: Instance
const flags = () => [...instance.kubectlFlags, '--context', 'ccs-local']

const kubectl = (args: string[], input?: string): Promise<Result> =>
  run([program, ...flags(), ...args], input === undefined ? {} : { input })

async function done(args: string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args, input)
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`)
  return stdout
}

const configMap = (data: Record<string, string>, more: object = {}) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'old' }, data, ...more })

describe('an old kubectl', { skip: 'missing' in unpacked ? unpacked.missing : false }, () => {
  before(async () => {
    instance = await Instance.create()
    const { code, stderr } = await instance.up('--demo')
    assert.equal(code, 0, stderr)
  })

  after(async () => {
    await instance.purge()
    rmSync(work, { recursive: true, force: true })
  })

  test('validates, explains, shows differences and tries on the server', async () => {
    const wrong = await kubectl(['create', '-f', '-'], configMap({}, { dataa: {} }))
    assert.match(wrong.stderr, /unknown field "dataa" in io\.k8s\.api\.core\.v1\.ConfigMap/)
    await done(['apply', '-f', '-'], configMap({ a: '1' }))
    const changed = await kubectl(['diff', '-f', '-'], configMap({ a: '2' }))
    assert.equal(changed.code, 1, changed.stderr)
    assert.match(changed.stdout, /-\s+a: "1"\n\+\s+a: "2"/)
    await done(['apply', '--dry-run=server', '-f', '-'], configMap({ a: '3' }))
    assert.equal(await done(['get', 'cm', 'old', '-o', 'jsonpath={.data.a}']), '1')
    assert.match(await done(['explain', 'deployment.spec.strategy']), /rollingUpdate\s+<Object>/)
  })

  test('runs commands, copies, and forwards ports over SPDY', async () => {
    const deployment = 'deploy/hello'
    const failed = await kubectl([
      'exec',
      deployment,
      '--',
      'busybox',
      'sh',
      '-c',
      'echo out; exit 3',
    ])
    assert.equal(failed.stdout, 'out\n')
    assert.match(failed.stderr, /command terminated with exit code 3/)
    assert.equal(await done(['exec', '-i', deployment, '--', 'busybox', 'cat'], 'in'), 'in')

    const pod = (await done(['get', 'pod', '-o', 'name'])).split('\n')[0]!.replace('pod/', '')
    const [sent, received] = ['sent', 'received'].map((name) => path.join(work, name))
    writeFileSync(sent!, Buffer.alloc(3_000_000, 'ccs'))
    await done([
      'exec',
      pod,
      '--',
      'busybox',
      'sh',
      '-c',
      'busybox --install -s /bin; mkdir -p /tmp',
    ])
    await done(['cp', sent!, `${pod}:/tmp/file`])
    await done(['cp', `${pod}:/tmp/file`, received!])
    assert.ok(readFileSync(sent!).equals(readFileSync(received!)))

    const port = await freePort()
    const forward = spawn(program, [...flags(), 'port-forward', deployment, `${port}:8080`])
    const ended = once(forward, 'exit')
    try {
      const text = await eventually('an answer', 10_000, () =>
        fetchText(`http://127.0.0.1:${port}`),
      )
      assert.match(text, /^Hello from pod hello-/)
    } finally {
      forward.kill()
      await ended
    }
  })
})
