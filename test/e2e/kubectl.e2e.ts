// The verbs of kubectl 1.32, unmodified, on a cluster and on the hub.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { stringify } from 'yaml'
import {
  eventually,
  fetchText,
  Instance,
  kubectlMissing,
  leftBehind,
  type Result,
  run,
} from './instance.ts'

const IMAGE = 'registry.ccs.internal/default/hello:1'

/** A Deployment as users write one, with what the tests change. */
function deployment(name: string, more: { replicas?: unknown; env?: string[] } = {}) {
  const { replicas = 1, env = ['A', 'B'] } = more
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            { name: 'web', image: IMAGE, env: env.map((key) => ({ name: key, value: '1' })) },
          ],
        },
      },
    },
  }
}

const configMap = (name: string, data: Record<string, string>, labels = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
})

/** Several documents of one file. */
const documents = (...objects: object[]) =>
  objects.map((object) => stringify(object, { compat: 'yaml-1.1' })).join('---\n')

describe('kubectl', { skip: kubectlMissing }, () => {
  let instance: Instance
  let files: string

  const k = (...args: string[]) => instance.kubectl('--context', 'ccs-local', ...args)
  const hub = (...args: string[]) => instance.kubectl('--context', 'ccs-hub', ...args)
  const kWith = (input: string, ...args: string[]) =>
    instance.kubectlWith(input, '--context', 'ccs-local', ...args)

  async function ok(result: Promise<Result>): Promise<string> {
    const { code, stdout, stderr } = await result
    assert.equal(code, 0, stderr || stdout)
    return stdout.trim()
  }

  async function refused(result: Promise<Result>, message: RegExp): Promise<void> {
    const { code, stderr } = await result
    assert.match(stderr, message)
    assert.equal(code, 1)
  }

  const rolledOut = (...args: string[]) => ok(k('rollout', 'status', '--timeout=30s', ...args))

  before(async () => {
    files = mkdtempSync(path.join(tmpdir(), 'ccs-e2e-files-'))
    instance = await Instance.create()
    const { code, stderr } = await instance.up('--demo')
    assert.equal(code, 0, stderr)
  })

  after(async () => {
    rmSync(files, { recursive: true, force: true })
    const names = [instance.id, instance.dataDir]
    await instance.purge()
    assert.deepEqual(await leftBehind(names), [])
  })

  test('tells what the server is and who asks', async () => {
    assert.match(await ok(k('version')), /Server Version: v1\.36\.\d+\+ccs/)
    assert.match(await ok(k('cluster-info')), /control plane is running at .*\/clusters\/local/)
    assert.match(await ok(k('api-versions')), /^apps\/v1$/m)
    assert.doesNotMatch(await ok(k('api-versions')), /ccs\.dev/)
    assert.match(await ok(hub('api-resources')), /^containerservices +csvc +ccs\.dev\/v1alpha1/m)
    assert.match(await ok(k('auth', 'whoami')), /Username +ccs-admin/)
    assert.equal(await ok(k('auth', 'can-i', '*', '*')), 'yes')
    const everything = /^\*\.\* +\[\] +\[\] +\[\*\]$/m
    assert.match(await ok(k('auth', 'can-i', '--list')), everything)
    const little = await ok(k('auth', 'can-i', '--list', '--as=somebody'))
    assert.doesNotMatch(little, everything)
    const nobody = await k('auth', 'can-i', 'get', 'pods', '--as=somebody')
    assert.deepEqual([nobody.code, nobody.stdout.trim()], [1, 'no'])
    assert.match(await ok(k('explain', 'pod.spec')), /containers\t<\[\]Container> -required-/)
    assert.match(await ok(hub('explain', 'csvc.spec')), /image\t<string> -required-/)
    assert.equal(await ok(k('get', '--raw', '/clusters/local/readyz')), 'ok')
  })

  test('get prints tables, names, documents and templates, selected and sorted', async () => {
    const shown = await ok(k('get', 'pods', '-o', 'wide'))
    assert.match(shown, /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE/)
    assert.match(shown, /hello-\w+-\w+ +1\/1 +Running +0 +\d+s +10\.\d+\.\d+\.\d+ +local-[12] /)
    const names = (await ok(k('get', 'pods', '-o', 'name'))).split('\n')
    assert.equal(names.length, 2)
    assert.equal((await ok(k('get', 'pods', '-o', 'name', '--chunk-size=1'))).split('\n').length, 2)
    const path_ = 'jsonpath={range .items[*]}{.spec.nodeName}{"\\n"}{end}'
    const onNodes = await ok(k('get', 'pods', '-o', path_, '--sort-by=.spec.nodeName'))
    assert.deepEqual(onNodes.split('\n'), ['local-1', 'local-2'])
    const columns = 'custom-columns=NODE:.spec.nodeName,POD:.metadata.name'
    assert.match(await ok(k('get', 'pods', '-o', columns)), /^NODE +POD\nlocal-[12] +hello-/)
    assert.match(await ok(k('get', 'deploy', 'hello', '-o', 'yaml')), /^ {2}replicas: 2$/m)
    const list = JSON.parse(await ok(k('get', 'rs,svc', '-o', 'json'))) as { items: object[] }
    assert.equal(list.items.length, 3)
    const selected = (...args: string[]) => ok(k('get', 'pods', '-A', '-o', 'name', ...args))
    assert.equal(
      await selected('--field-selector=spec.nodeName=local-1'),
      names.find((name) =>
        shown.split('\n').some((line) => line.includes(name.slice(4)) && line.includes('local-1')),
      ),
    )
    assert.equal(await selected('-l', 'ccs.dev/service in (hello),nope'), '')
    assert.equal((await selected('-l', 'ccs.dev/service=hello,!nope')).split('\n').length, 2)
    assert.match(await ok(k('get', 'all', '-A')), /^kube-system +service\/kube-dns +ClusterIP/m)
    assert.match(await ok(k('get', 'nodes')), /^local-1 +Ready +<none> +\d+s +v1\.36/m)
    for (const kind of ['ns', 'sa', 'cm', 'ep', 'endpointslices', 'lease', 'events', 'secret'])
      await ok(k('get', kind, '-A'))
    await refused(k('get', 'pod', 'nope'), /^Error from server \(NotFound\): pods "nope" not found/)
    await refused(k('get', 'nopes'), /doesn't have a resource type "nopes"/)
    await refused(k('get', 'pods', '--field-selector=nope=1'), /field label not supported: nope/)
  })

  test('describe tells of each kind, with its events', async () => {
    const pod = await ok(k('describe', 'pod', '-l', 'ccs.dev/service=hello'))
    for (const line of [
      /^Status: +Running$/m,
      /^Controlled By: +ReplicaSet\/hello-/m,
      /Readiness: +tcp-socket :8080/,
      /^QoS Class: +BestEffort$/m,
      /Normal +Scheduled .*default-scheduler +Successfully assigned default\/hello-/,
      /Normal +Started .*kubelet/,
    ])
      assert.match(pod, line)
    const told: [string[], RegExp][] = [
      [['deploy', 'hello'], /^Replicas: +2 desired \| 2 updated \| 2 total \| 2 available/m],
      [['deploy', 'hello'], /ScalingReplicaSet .*Scaled up replica set/],
      [['rs'], /^Pods Status: +2 Running/m],
      [['node', 'local-1'], /Ready +True .*kubelet is posting ready status/],
      [['svc', 'hello'], /^Endpoints: +10\.\d+\.\d+\.\d+:8080,10\.\d+\.\d+\.\d+:8080$/m],
      [['sa', 'default'], /^Name: +default$/m],
      [['ns', 'default'], /^Status: +Active$/m],
      [['cm', 'kube-root-ca.crt'], /BEGIN CERTIFICATE/],
      [['lease', '-n', 'kube-node-lease', 'local-1'], /Holder Identity: +local-1/],
      [['endpointslices'], /TargetRef: +Pod\/hello-/],
    ]
    for (const [args, line] of told) assert.match(await ok(k('describe', ...args)), line)
    assert.match(await ok(hub('describe', 'csvc', 'hello')), /2 of 2 instances ready/)
  })

  test('create makes each kind by its generator, and refuses what is there or wrong', async () => {
    await ok(k('create', 'ns', 'made'))
    const make = (...args: string[]) => ok(k('-n', 'made', 'create', ...args))
    await make('deployment', 'web', `--image=${IMAGE}`, '--replicas=2', '--port=8080')
    await make('cm', 'settings', '--from-literal=a=1')
    await make('secret', 'generic', 'key', '--from-literal=p=hidden')
    await make('service', 'clusterip', 'web', '--tcp=80:8080')
    await make('service', 'externalname', 'away', '--external-name=example.com')
    await make('sa', 'robot')
    await make('role', 'reader', '--verb=get', '--resource=pods')
    await make('rolebinding', 'reader', '--role=reader', '--serviceaccount=made:robot')
    const robot = '--as=system:serviceaccount:made:robot'
    assert.equal(await ok(k('-n', 'made', 'auth', 'can-i', 'get', 'pods', robot)), 'yes')
    const token = await make('token', 'robot')
    const bearer = [
      '--kubeconfig=/dev/null',
      `--server=${await ok(
        k('config', 'view', '-o', 'jsonpath={.clusters[?(@.name=="ccs-local")].cluster.server}'),
      )}`,
      '--insecure-skip-tls-verify',
      `--token=${token}`,
      '-n',
      'made',
      'get',
    ]
    assert.match(await ok(run(['kubectl', ...bearer, 'pod', '--ignore-not-found', 'x'])), /^$/)
    await refused(
      run(['kubectl', ...bearer, 'secrets']),
      /secrets is forbidden: User "system:serviceaccount:made:robot" cannot list/,
    )
    const describedSecret = await ok(k('-n', 'made', 'describe', 'secret', 'key'))
    assert.match(describedSecret, /p: +6 bytes/)
    assert.doesNotMatch(describedSecret, /hidden/)
    assert.match(await make('cm', 'dry', '--dry-run=server', '-o', 'yaml'), /uid: /)
    await refused(k('-n', 'made', 'get', 'cm', 'dry'), /NotFound/)
    await refused(
      k('-n', 'made', 'create', 'cm', 'settings'),
      /configmaps "settings" already exists/,
    )
    await refused(
      k('-n', 'made', 'create', 'cm', 'No_Name'),
      /"No_Name" is invalid: metadata\.name: Invalid value/,
    )
    await refused(k('-n', 'nowhere', 'create', 'cm', 'x'), /namespaces "nowhere" not found/)
    await ok(
      k('-n', 'made', 'expose', 'deploy', 'web', '--name=also', '--port=80', '--target-port=8080'),
    )
    await rolledOut('-n', 'made', 'deploy/web')
    assert.match(
      await ok(k('-n', 'made', 'get', 'ep', 'also')),
      /^also +10\.\S+:8080,10\.\S+:8080/m,
    )
  })

  test('apply creates, leaves, changes and takes away, and names unknown fields', async () => {
    await ok(k('create', 'ns', 'applied'))
    const apply = (input: string, ...args: string[]) =>
      kWith(input, '-n', 'applied', 'apply', '-f', '-', ...args)
    const first = documents(configMap('c', { a: '1', b: '2' }, { x: '1', y: '2' }), deployment('d'))
    assert.equal(await ok(apply(first)), 'configmap/c created\ndeployment.apps/d created')
    assert.equal(await ok(apply(first)), 'configmap/c unchanged\ndeployment.apps/d unchanged')
    assert.equal((await kWith(first, '-n', 'applied', 'diff', '-f', '-')).code, 0)
    const second = documents(
      configMap('c', { a: '1' }, { x: '1' }),
      deployment('d', { env: ['A'] }),
    )
    const diff = await kWith(second, '-n', 'applied', 'diff', '-f', '-')
    assert.equal(diff.code, 1)
    assert.match(diff.stdout, /^- {2}b: "2"$/m)
    const changed = 'configmap/c configured\ndeployment.apps/d configured'
    assert.equal(
      await ok(apply(second, '--dry-run=server')),
      changed.replaceAll('configured', 'configured (server dry run)'),
    )
    assert.equal(await ok(apply(second)), changed)
    const { data, metadata } = JSON.parse(
      await ok(k('-n', 'applied', 'get', 'cm', 'c', '-o', 'json')),
    ) as ReturnType<typeof configMap>
    assert.deepEqual([data, metadata.labels], [{ a: '1' }, { x: '1' }])
    const env = 'jsonpath={.spec.template.spec.containers[0].env[*].name} {.metadata.generation}'
    assert.equal(await ok(k('-n', 'applied', 'get', 'deploy', 'd', '-o', env)), 'A 2')

    const misspelt = JSON.stringify(deployment('e')).replace('"replicas"', '"replica"')
    await refused(
      kWith(misspelt, '-n', 'applied', 'create', '-f', '-'),
      /strict decoding error: unknown field "spec\.replica"/,
    )
    await refused(apply(JSON.stringify(deployment('e', { replicas: 'x' }))), /"x"|int32/)
    await refused(
      apply(JSON.stringify(deployment('e', { replicas: -1 }))),
      /The Deployment "e" is invalid: spec\.replicas: Invalid value: -1/,
    )
    const other = JSON.stringify(deployment('d')).replaceAll('"app":"d"', '"app":"other"')
    await refused(apply(other), /spec\.selector: .*field is immutable/s)
    await refused(
      apply('{"apiVersion":"v1","kind":"Nope","metadata":{"name":"x"}}'),
      /no matches for kind "Nope"/,
    )
  })

  test('replace and patch change what is there, and conflicts are told', async () => {
    await ok(kWith(documents(configMap('r', { a: '1' }), deployment('p')), 'apply', '-f', '-'))
    const stale = await ok(k('get', 'cm', 'r', '-o', 'yaml'))
    await ok(k('label', 'cm', 'r', 'seen=1'))
    await refused(
      kWith(stale, 'replace', '-f', '-'),
      /Operation cannot be fulfilled on configmaps "r": the object has been modified/,
    )
    await ok(kWith(JSON.stringify(configMap('r', { a: '2' })), 'replace', '-f', '-'))
    await ok(kWith(JSON.stringify(configMap('r', { a: '3' })), 'replace', '--force', '-f', '-'))
    const patch = (type: string, body: string) =>
      k('patch', 'deploy', 'p', `--type=${type}`, '-p', body)
    const container =
      '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"C","value":"1"}]}]}}}}'
    await ok(patch('strategic', container))
    await ok(patch('merge', '{"spec":{"replicas":2}}'))
    await ok(patch('json', '[{"op":"add","path":"/spec/minReadySeconds","value":1}]'))
    const seen =
      'jsonpath={.spec.replicas} {.spec.minReadySeconds} {.spec.template.spec.containers[0].env[*].name}'
    assert.equal(await ok(k('get', 'deploy', 'p', '-o', seen)), '2 1 C A B')
    await refused(
      patch('json', '[{"op":"test","path":"/spec/replicas","value":9}]'),
      /The request is invalid/,
    )
    const unknown = await patch('merge', '{"spec":{"replica":2}}')
    // Not whether it says "no change": a controller may write the status in the same moment.
    assert.match(unknown.stderr, /unknown field "spec\.replica"/)
    assert.equal(await ok(k('get', 'deploy', 'p', '-o', 'jsonpath={.spec.replicas}')), '2')
    const editor = path.join(files, 'editor')
    writeFileSync(editor, `#!/bin/sh\nsed -i 's/a: "3"/a: "4"/' "$1"\n`, { mode: 0o755 })
    const kubectl = ['kubectl', ...instance.kubectlFlags, '--context', 'ccs-local']
    const edited = await run(['env', `KUBE_EDITOR=${editor}`, ...kubectl, 'edit', 'cm', 'r'])
    assert.match(edited.stdout, /configmap\/r edited/, edited.stderr)
    assert.equal(await ok(k('get', 'cm', 'r', '-o', 'jsonpath={.data.a}')), '4')
    await ok(k('delete', 'deploy/p', 'cm/r', '--wait=false'))
  })

  test('label, annotate, set and scale change one thing', async () => {
    const n = (...args: string[]) => k('-n', 'made', ...args)
    await ok(n('label', 'deploy', 'web', 'tier=a'))
    await refused(
      n('label', 'deploy', 'web', 'tier=b'),
      /already has a value \(a\), and --overwrite is false/,
    )
    await ok(n('label', 'deploy', 'web', 'tier=b', '--overwrite'))
    assert.match(await ok(n('get', 'deploy', '-L', 'tier')), /^web .* b$/m)
    await ok(n('label', 'deploy', 'web', 'tier-'))
    await refused(n('label', 'deploy', 'web', 'no key=1'), /metadata\.labels: Invalid value/)
    await ok(n('annotate', 'deploy', 'web', 'note=hi'))
    await ok(n('set', 'env', 'deploy/web', 'X=1'))
    await ok(n('set', 'resources', 'deploy/web', '--limits=memory=64Mi'))
    await ok(n('scale', 'deploy', 'web', '--replicas=3'))
    await refused(
      n('scale', 'deploy', 'web', '--replicas=1', '--current-replicas=2'),
      /Expected replicas to be 2, was 3/,
    )
    await ok(n('wait', 'deploy/web', '--for=jsonpath={.status.updatedReplicas}=3', '--timeout=30s'))
    await ok(n('wait', 'deploy/web', '--for=condition=Available', '--timeout=30s'))
    await refused(n('wait', 'deploy/web', '--for=delete', '--timeout=1s'), /timed out waiting/)
  })

  test('rollout waits for success, tells of a bad image, and goes back', async () => {
    const n = (...args: string[]) => k('-n', 'made', ...args)
    const container = await ok(
      n('get', 'deploy', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].name}'),
    )
    await rolledOut('-n', 'made', 'deploy/web')
    await ok(
      n('set', 'image', 'deploy/web', `${container}=registry.ccs.internal/default/hello:nope`),
    )
    const stuck = await n('rollout', 'status', 'deploy/web', '--timeout=3s')
    assert.match(
      stuck.stdout,
      /Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas/,
    )
    assert.match(stuck.stderr, /timed out waiting for the condition/)
    assert.equal(stuck.code, 1)
    await eventually('word of the missing image', 10_000, async () =>
      /registry\.ccs\.internal\/default\/hello:nope: not found/.test(await ok(n('get', 'events'))),
    )
    await ok(n('rollout', 'undo', 'deploy/web'))
    assert.match(await rolledOut('-n', 'made', 'deploy/web'), /successfully rolled out/)
    await ok(n('rollout', 'restart', 'deploy/web'))
    await rolledOut('-n', 'made', 'deploy/web')
    assert.match(await ok(n('rollout', 'history', 'deploy/web')), /^REVISION +CHANGE-CAUSE$/m)
  })

  test('logs come from a pod, a Deployment and a selector, cut and stamped', async () => {
    const n = (...args: string[]) => k('-n', 'made', ...args)
    const count = [
      '--command',
      '--',
      '/bin/busybox',
      'sh',
      '-c',
      'for i in 1 2 3; do echo line $i; /bin/busybox sleep 1; done',
    ]
    await ok(
      n('run', 'counts', `--image=${IMAGE}`, '--restart=Never', '--labels=job=count', ...count),
    )
    await ok(n('wait', 'pod/counts', '--for=jsonpath={.status.phase}=Running', '--timeout=20s'))
    assert.equal(await ok(n('logs', '-f', 'counts')), 'line 1\nline 2\nline 3')
    assert.equal(await ok(n('logs', 'counts', '--tail=1', '-c', 'counts')), 'line 3')
    assert.match(
      await ok(n('logs', '-l', 'job=count', '--timestamps', '--prefix', '--tail=1')),
      /^\[pod\/counts\/counts\] \d{4}-\d\d-\d\dT[\d:.]+Z line 3$/,
    )
    assert.equal(await ok(n('logs', 'counts', '--since=1h')), 'line 1\nline 2\nline 3')
    assert.match((await n('logs', 'deploy/web')).stdout, /listening on port 8080/)
    await refused(n('logs', 'counts', '-c', 'nope'), /container nope is not valid for pod counts/)
    await refused(n('logs', 'nope'), /pods "nope" not found/)
  })

  test('get -w prints changes as they come', async () => {
    const watched = k('get', 'cm', '-w', '--output-watch-events', '--request-timeout=3s')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await ok(k('create', 'cm', 'passing'))
    await ok(k('delete', 'cm', 'passing'))
    const { stdout } = await watched
    assert.match(stdout, /^ADDED +kube-root-ca\.crt/m)
    assert.match(stdout, /^ADDED +passing .*\nDELETED +passing /m)
  })

  test('delete takes files, labels, all, by force, and with or without what is owned', async () => {
    await ok(k('create', 'ns', 'gone'))
    const n = (...args: string[]) => k('-n', 'gone', ...args)
    const file = path.join(files, 'two.yaml')
    writeFileSync(file, documents(configMap('one', {}, { x: '1' }), configMap('two', {})))
    await ok(n('apply', '-f', file))
    await ok(n('delete', 'cm', '-l', 'x=1'))
    await refused(n('delete', '-f', file), /configmaps "one" not found/)
    await ok(n('delete', '-f', file, '--ignore-not-found'))
    await ok(
      kWith(
        documents(deployment('orphans'), deployment('fore'), deployment('back')),
        '-n',
        'gone',
        'apply',
        '-f',
        '-',
      ),
    )
    for (const name of ['orphans', 'fore', 'back']) await rolledOut('-n', 'gone', `deploy/${name}`)
    await ok(n('delete', 'deploy', 'orphans', '--cascade=orphan'))
    assert.match(await ok(n('get', 'rs', '-l', 'app=orphans', '-o', 'name')), /orphans/)
    assert.equal(
      await ok(
        n('get', 'rs', '-l', 'app=orphans', '-o', 'jsonpath={.items[0].metadata.ownerReferences}'),
      ),
      '',
    )
    await ok(n('delete', 'deploy', 'fore', '--cascade=foreground'))
    assert.equal(await ok(n('get', 'rs,pods', '-l', 'app=fore', '-o', 'name')), '')
    await ok(n('delete', 'deploy', 'back', '--wait=false'))
    await ok(n('wait', 'pods', '-l', 'app=back', '--for=delete', '--timeout=20s'))
    const pod = await ok(n('get', 'pods', '-l', 'app=orphans', '-o', 'name'))
    const forced = await n('delete', pod, '--grace-period=0', '--force')
    assert.match(forced.stderr + forced.stdout, /Immediate deletion does not wait.*force deleted/s)
    await ok(n('delete', 'rs', '--all'))
    await ok(n('create', 'deployment', 'content', `--image=${IMAGE}`))
    await ok(k('delete', 'ns', 'gone', '--timeout=40s'))
    await refused(k('get', 'ns', 'gone'), /namespaces "gone" not found/)
    assert.doesNotMatch(await ok(k('get', 'pods,cm', '-A')), /^gone /m)
    await refused(k('delete', 'ns', 'kube-system'), /Forbidden/)
  })

  test('drain empties a machine and uncordon brings it back', async () => {
    await ok(k('drain', 'local-2', '--ignore-daemonsets', '--force', '--timeout=40s'))
    assert.match(await ok(k('get', 'node', 'local-2')), /Ready,SchedulingDisabled/)
    await ok(k('uncordon', 'local-2'))
    assert.doesNotMatch(await ok(k('get', 'nodes')), /SchedulingDisabled/)
  })

  test('a ContainerService made by kubectl on the hub runs, scales and goes', async () => {
    const service = (spec: object, name = 'ours') =>
      JSON.stringify({
        apiVersion: 'ccs.dev/v1alpha1',
        kind: 'ContainerService',
        metadata: { name },
        spec,
      })
    const apply = (input: string) =>
      instance.kubectlWith(input, '--context', 'ccs-hub', 'apply', '-f', '-')
    const spec = { cluster: 'local', image: 'hello:1', replicas: 1, ports: [{ port: 8080 }] }
    assert.match(await ok(apply(service(spec))), /containerservice\.ccs\.dev\/ours created/)
    await ok(hub('wait', 'csvc/ours', '--for=condition=Ready', '--timeout=30s'))
    const url = await ok(hub('get', 'csvc', 'ours', '-o', 'jsonpath={.status.url}'))
    await eventually('an answer', 10_000, async () => /Hello/.test(await fetchText(url)))
    await ok(hub('scale', 'csvc', 'ours', '--replicas=2'))
    await eventually('two instances', 20_000, async () =>
      /^ours +local +2 +2 +Ready /m.test(await ok(hub('get', 'csvc'))),
    )
    const wrong: [object, RegExp][] = [
      [{}, /spec\.cluster: Required value[^]*spec\.image: Required value/],
      [
        { ...spec, replicas: -1 },
        /spec\.replicas: Invalid value: -1: .*greater than or equal to 0/,
      ],
      [{ ...spec, replicas: '1' }, /spec\.replicas.*must be of type integer/],
      [{ ...spec, access: 'Nope' }, /supported values: "Public", "Cluster", "None"/],
      [{ ...spec, ports: [{ port: 0 }] }, /spec\.ports\[0\]\.port/],
      [{ ...spec, ports: [{ port: 80 }, { port: 80 }] }, /Duplicate value/],
      [{ ...spec, imagee: 'x' }, /unknown field "spec\.imagee"/],
    ]
    for (const [bad, message] of wrong) await refused(apply(service(bad, 'bad')), message)
    await refused(apply(service(spec, 'n'.repeat(64))), /metadata\.name: Too long/)
    await ok(hub('delete', 'csvc', 'ours', '--timeout=40s'))
    assert.equal(await ok(k('get', 'deploy,svc', '-l', 'ccs.dev/service=ours', '-o', 'name')), '')
  })
})
