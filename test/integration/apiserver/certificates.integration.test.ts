// A user makes a key, asks for a certificate, an administrator approves, and the certificate is the user's: with openssl
// and kubectl against a simulated cluster.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Dev, skipDev, startDev } from '../sim/start-dev.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 30_000
const directory = mkdtempSync(path.join(tmpdir(), 'ccs-certificates-'))
let dev: Dev

before(async () => {
  if (skipDev === false) dev = await startDev('--nodes', '1', '--seed', '3')
})
after(() => {
  dev?.close()
  rmSync(directory, { recursive: true, force: true })
})

const environment = () => ({
  PATH: process.env['PATH'],
  HOME: directory,
  KUBECONFIG: dev.kubeconfig,
})

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await run('kubectl', args, { env: environment(), timeout: TIMEOUT_MS })
  return stdout.trim()
}

async function refused(...args: string[]): Promise<string> {
  try {
    await kubectl(...args)
  } catch (error) {
    return (error as { stderr: string }).stderr.trim()
  }
  throw new assert.AssertionError({ message: `kubectl ${args.join(' ')} did not fail` })
}

interface Wanted {
  name: string
  subject: string
  signerName?: string
  usages?: string[]
  expirationSeconds?: number
}

async function requestFile(wanted: Wanted): Promise<string> {
  const key = path.join(directory, `${wanted.name}.key`)
  const csr = path.join(directory, `${wanted.name}.csr`)
  await run('openssl', [
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    csr,
    '-subj',
    wanted.subject,
  ])
  const { signerName = 'kubernetes.io/kube-apiserver-client', usages = ['client auth'] } = wanted
  const { expirationSeconds } = wanted
  const file = path.join(directory, `${wanted.name}.json`)
  const object = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: wanted.name },
    spec: { request: readFileSync(csr, 'base64'), signerName, usages, expirationSeconds },
  }
  writeFileSync(file, JSON.stringify(object))
  return file
}

async function until(what: string, read: () => Promise<string>): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const found = await read()
    if (found !== '') return found
    await sleep(100)
  }
  return assert.fail(`waited in vain for ${what}`)
}

const field = (name: string, jsonPath: string) =>
  kubectl('get', 'csr', name, '-o', `jsonpath=${jsonPath}`)

const options = { skip: skipDev, timeout: 120_000 }

test('an approved request becomes a certificate, and its owner a user', options, async () => {
  const file = await requestFile({
    name: 'jane',
    subject: '/O=developers/CN=jane',
    expirationSeconds: 3600,
  })
  await kubectl('create', '-f', file)
  assert.match(await kubectl('get', 'csr', 'jane'), /kube-apiserver-client\s+\S+\s+60m\s+Pending/)
  await kubectl('certificate', 'approve', 'jane')
  const certificate = await until('the certificate', () => field('jane', '{.status.certificate}'))
  assert.match(await kubectl('get', 'csr', 'jane'), /Approved,Issued/)
  const pem = path.join(directory, 'jane.crt')
  writeFileSync(pem, Buffer.from(certificate, 'base64'))
  const { stdout } = await run('openssl', [
    'x509',
    '-in',
    pem,
    '-noout',
    '-subject',
    '-checkend',
    '3000',
  ])
  assert.match(stdout, /O = developers, CN = jane/)
  const config = ['--kubeconfig', path.join(directory, 'jane.kubeconfig')]
  const text = readFileSync(dev.kubeconfig, 'utf8')
  writeFileSync(config[1]!, text)
  await kubectl(
    ...config,
    'config',
    'set-credentials',
    'jane',
    '--client-certificate',
    pem,
    '--client-key',
    path.join(directory, 'jane.key'),
  )
  const who = await kubectl(
    ...config,
    '--user=jane',
    'auth',
    'whoami',
    '-o',
    'jsonpath={.status.userInfo.username} {.status.userInfo.groups}',
  )
  assert.equal(who, 'jane ["developers","system:authenticated"]')
})

test(
  'a denied request stays without, and what a signer does not sign is Failed',
  options,
  async () => {
    await kubectl('create', '-f', await requestFile({ name: 'denied', subject: '/CN=x' }))
    await kubectl('certificate', 'deny', 'denied')
    assert.match(await kubectl('get', 'csr', 'denied'), /Denied/)
    const wrong = { name: 'wrong', subject: '/CN=x', usages: ['server auth'] }
    await kubectl('create', '-f', await requestFile(wrong))
    await kubectl('certificate', 'approve', 'wrong')
    const message = '{.status.conditions[?(@.type=="Failed")].message}'
    const why = await until('the failure', () => field('wrong', message))
    assert.equal(why, 'invalid usage for client certificate: server auth')
    assert.equal(await field('denied', '{.status.certificate}'), '')
  },
)

test('nobody asks for an administrator, and not everybody decides', options, async () => {
  const masters = await requestFile({ name: 'masters', subject: '/O=system:masters/CN=me' })
  assert.match(
    await refused('create', '-f', masters),
    /use of kubernetes.io\/kube-apiserver-client signer with system:masters group is not allowed/,
  )
  const file = await requestFile({ name: 'undecided', subject: '/CN=x' })
  await kubectl('create', '-f', file)
  const verbs = ['--verb=get,list,update,patch', '--resource=certificatesigningrequests']
  await kubectl('create', 'clusterrole', 'csr', ...verbs)
  await kubectl(
    'create',
    'clusterrole',
    'csr-approval',
    '--verb=update,patch',
    '--resource=certificatesigningrequests/approval',
  )
  for (const role of ['csr', 'csr-approval'])
    await kubectl('create', 'clusterrolebinding', role, `--clusterrole=${role}`, '--user=bob')
  assert.match(
    await refused('certificate', 'approve', 'undecided', '--as=bob'),
    /user not permitted to approve requests with signerName "kubernetes.io\/kube-apiserver-client"/,
  )
  const approver = 'system:certificates.k8s.io:kube-apiserver-client-approver'
  await kubectl(
    'create',
    'clusterrolebinding',
    'approver',
    `--clusterrole=${approver}`,
    '--user=bob',
  )
  await kubectl('certificate', 'approve', 'undecided', '--as=bob')
  await until('the certificate', () => field('undecided', '{.status.certificate}'))
})

test('a node that may ask for itself is approved by itself', options, async () => {
  const role = 'system:certificates.k8s.io:certificatesigningrequests:nodeclient'
  await kubectl(
    'create',
    'clusterrolebinding',
    'bootstrap',
    `--clusterrole=${role}`,
    '--user=admin-of-nodes',
  )
  await kubectl(
    'create',
    'clusterrole',
    'csr-create',
    '--verb=create',
    '--resource=certificatesigningrequests',
  )
  await kubectl(
    'create',
    'clusterrolebinding',
    'csr-create',
    '--clusterrole=csr-create',
    '--user=admin-of-nodes',
  )
  const file = await requestFile({
    name: 'node',
    subject: '/O=system:nodes/CN=system:node:n9',
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    usages: ['digital signature', 'client auth'],
  })
  await kubectl('create', '-f', file, '--as=admin-of-nodes', '--validate=false')
  await until('the certificate', () => field('node', '{.status.certificate}'))
  assert.equal(await field('node', '{.status.conditions[0].reason}'), 'AutoApproved')
})

test(
  'a kubelet with its certificate sees its own node and what its pods need',
  options,
  async () => {
    const name = 'kubelet'
    const node = 'node-1'
    const file = await requestFile({
      name,
      subject: `/O=system:nodes/CN=system:node:${node}`,
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
    })
    await kubectl('create', '-f', file)
    await kubectl('certificate', 'approve', name)
    const certificate = await until('the certificate', () => field(name, '{.status.certificate}'))
    const pem = path.join(directory, `${name}.crt`)
    writeFileSync(pem, Buffer.from(certificate, 'base64'))
    const kubeconfig = path.join(directory, `${name}.kubeconfig`)
    writeFileSync(kubeconfig, readFileSync(dev.kubeconfig))
    const as = ['--kubeconfig', kubeconfig, `--user=${name}`]
    const key = path.join(directory, `${name}.key`)
    const credentials = ['--client-certificate', pem, '--client-key', key]
    await kubectl('--kubeconfig', kubeconfig, 'config', 'set-credentials', name, ...credentials)
    for (const secret of ['needed', 'other'])
      await kubectl('create', 'secret', 'generic', secret, '--from-literal=a=b')
    const volumes = [{ name: 'v', secret: { secretName: 'needed' } }]
    const overrides = { spec: { nodeName: node, volumes } }
    await kubectl('run', 'p', '--image=sim/app:1', `--overrides=${JSON.stringify(overrides)}`)
    assert.match(await kubectl(...as, 'get', 'node', node), /node-1/)
    assert.match(await kubectl(...as, 'get', 'secret', 'needed'), /needed/)
    assert.match(
      await refused(...as, 'get', 'secret', 'other'),
      /no relationship found between node 'node-1' and this object/,
    )
    assert.match(
      await kubectl(...as, 'get', 'pods', `--field-selector=spec.nodeName=${node}`),
      /^p\b/m,
    )
    assert.match(
      await refused(...as, 'get', 'pods'),
      /can only list\/watch pods with spec.nodeName field selector/,
    )
    assert.match(
      await refused(...as, 'label', 'node', node, 'node-restriction.kubernetes.io/x=y'),
      /is not allowed to modify labels: node-restriction.kubernetes.io\/x/,
    )
    await kubectl(...as, 'label', 'node', node, 'example.com/x=y')
  },
)
