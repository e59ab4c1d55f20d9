import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadKubeconfig } from './kubeconfig.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

const CONFIG = `
apiVersion: v1
kind: Config
current-context: hub
contexts:
  - { name: hub, context: { cluster: c1, user: admin, namespace: demo } }
  - { name: other, context: { cluster: c2, user: robot } }
  - { name: broken, context: { cluster: missing, user: robot } }
clusters:
  - { name: c1, cluster: { server: "https://127.0.0.1:6443", certificate-authority-data: ${base64('CA')} } }
  - { name: c2, cluster: { server: "https://x/clusters/c2", certificate-authority: ca.pem } }
users:
  - name: admin
    user: { client-certificate-data: ${base64('CERT')}, client-key-data: ${base64('KEY')} }
  - { name: robot, user: { token: secret } }
`

async function withFile(run: (path: string) => Promise<void>, text = CONFIG): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ccs-kubeconfig-'))
  try {
    const path = join(directory, 'kubeconfig')
    await writeFile(path, text)
    await writeFile(join(directory, 'ca.pem'), 'CA FILE')
    await run(path)
  } finally {
    await rm(directory, { recursive: true })
  }
}

test('loadKubeconfig reads the current context with its certificate', () =>
  withFile(async (path) => {
    assert.deepEqual(await loadKubeconfig(path), {
      context: 'hub',
      namespace: 'demo',
      transport: {
        server: 'https://127.0.0.1:6443',
        insecureSkipTlsVerify: false,
        ca: 'CA',
        cert: 'CERT',
        key: 'KEY',
      },
    })
  }))

test('loadKubeconfig reads another context, with files beside the config', () =>
  withFile(async (path) => {
    const { transport } = await loadKubeconfig(path, 'other')
    assert.equal(transport.ca, 'CA FILE')
    assert.equal(transport.token, 'secret')
  }))

test('loadKubeconfig names what is missing and what there is', () =>
  withFile(async (path) => {
    await assert.rejects(
      loadKubeconfig(path, 'none'),
      /no context "none"; it has: hub, other, broken/,
    )
    await assert.rejects(loadKubeconfig(path, 'broken'), /no cluster "missing"; it has: c1, c2/)
  }))

test('loadKubeconfig says when a file is no YAML', () =>
  withFile((path) => assert.rejects(loadKubeconfig(path), /is no valid YAML/), 'a: [b'))
