import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { kubeconfigText, parseEntries } from './kubeconfig-file.ts'

const CA = 'the CA\n'
const entry = (cluster: string) => ({
  cluster,
  server: `https://127.0.0.1:6443/clusters/${cluster}`,
  credential: { certificatePem: `certificate of ${cluster}\n`, keyPem: 'key\n' },
})

test('kubeconfigText makes a cluster current, not the hub', () => {
  const config = parse(kubeconfigText(CA, [entry('hub'), entry('local')])) as Record<
    string,
    unknown
  >
  assert.equal(config['current-context'], 'ccs-local')
})

test('parseEntries reads what kubeconfigText wrote', () => {
  const entries = [entry('local'), entry('hub')]
  assert.deepEqual(parseEntries(kubeconfigText(CA, entries), CA), entries)
})

test('parseEntries takes nothing of another CA', () => {
  assert.deepEqual(parseEntries(kubeconfigText('another\n', [entry('local')]), CA), [])
})
