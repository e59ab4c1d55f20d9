// What containers are given by their machine: volumes, environment, users, names, and what becomes of
// what they write to their logs.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pushBusyboxImage } from './busybox-image.ts'
import { eventually, Instance, kubectlMissing, leftBehind, type Result, run } from './instance.ts'
import { everything, lateObjects } from './volumes-pods.ts'

const NAMESPACE = 'volumes'
const TIMEOUT_MS = 40_000

interface Pod {
  metadata: { uid: string }
  spec: { nodeName: string }
  status: {
    phase: string
    reason?: string
    message?: string
    podIP?: string
    hostIP?: string
    containerStatuses?: {
      ready: boolean
      restartCount: number
      state: { waiting?: { reason: string; message?: string } }
    }[]
  }
}

describe('a container', { skip: kubectlMissing }, () => {
  let instance: Instance

  const place = ['--context', 'ccs-local', '-n', NAMESPACE]
  const k = (...args: string[]) => instance.kubectl(...place, ...args)
  const kubectlFlags = () => [...instance.kubectlFlags, ...place]

  async function ok(result: Promise<Result>): Promise<string> {
    const { code, stdout, stderr } = await result
    assert.equal(code, 0, stderr || stdout)
    return stdout.trimEnd()
  }

  const apply = (items: object[]) => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
    return ok(instance.kubectlWith(list, ...place, 'apply', '-f', '-'))
  }

  const podOf = async (name: string) =>
    JSON.parse(await ok(k('get', 'pod', name, '-o', 'json'))) as Pod

  /** What a pod said last about each thing, once it has said `title`. */
  const said = (name: string, title: string) =>
    eventually(`"${title}" of ${name}`, TIMEOUT_MS, async () => {
      const lines = (await ok(k('logs', name, '-c', 'main'))).split('\n')
      const values = new Map(lines.map((line) => line.split(/\|(.*)/) as [string, string]))
      return values.has(title) ? values : undefined
    })

  async function saw(name: string, expected: Record<string, string | RegExp>): Promise<void> {
    const values = await said(name, Object.keys(expected).at(-1)!)
    for (const [title, value] of Object.entries(expected)) {
      const found = values.get(title) ?? 'nothing'
      if (typeof value === 'string') assert.equal(found, value, title)
      else assert.match(found, value, title)
    }
  }

  const waits = (name: string, reason: string, message: RegExp) =>
    eventually(`${name} to wait with ${reason}`, TIMEOUT_MS, async () => {
      const waiting = (await podOf(name)).status.containerStatuses?.[0]?.state.waiting
      return waiting?.reason === reason && message.test(waiting.message ?? '')
    })

  const event = (name: string, reason: string, message: RegExp) =>
    eventually(`event ${reason} of ${name}`, TIMEOUT_MS, async () => {
      const selector = `involvedObject.name=${name},reason=${reason}`
      const found = await ok(k('get', 'events', '--field-selector', selector, '-o', 'json'))
      const { items } = JSON.parse(found) as { items: { message: string }[] }
      return items.some((item) => message.test(item.message))
    })

  const ready = (name: string) =>
    eventually(`${name} to be ready`, TIMEOUT_MS, async () => {
      const [status] = (await podOf(name)).status.containerStatuses ?? []
      return status?.ready
    })

  before(async () => {
    instance = await Instance.create()
    const { code, stderr } = await instance.up()
    assert.equal(code, 0, stderr)
    await pushBusyboxImage(instance)
    await ok(instance.kubectl('--context', 'ccs-local', 'create', 'ns', NAMESPACE))
    await apply(everything)
  })

  after(async () => {
    const names = [instance.id, instance.dataDir]
    await instance.purge()
    assert.deepEqual(await leftBehind(names), [])
  })

  test('finds each volume with its content, size and modes', async () => {
    await saw('files', {
      disk: '777 0:0',
      memory: '777 tmpfs 1024',
      'memory full': /No space left on device/,
      'chosen key': 'blue400 sub',
      'all keys': 'bytes color',
      'binary key': '00ff10',
      write: /Read-only file system/,
      secret: 'hidden400',
      projected: 'volumesbluehidden444 440',
      resources: '250641',
      annotation: '',
      part: 'x 777',
      'named part': 'f',
      'part of a ConfigMap': 'blue',
      host: 'y 755',
      'host file': '644',
      proc: /^there .*Read-only file system/,
      sys: /^\/ksys\/class mkdir:/,
      'read-only': /Read-only file system/,
      now: /^blueblue.*a$/,
    })
    const token = (await said('files', 'token')).get('token')!
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as {
      aud: string[]
      iat: number
      exp: number
    }
    assert.deepEqual([claims.aud, claims.exp - claims.iat], [['vault'], 1200])
  })

  test('sees volumes change while it runs', async () => {
    await said('files', 'now')
    await ok(k('patch', 'cm', 'settings', '-p', '{"data":{"color":"green"}}'))
    await ok(k('label', 'pod', 'files', 'stage=b', '--overwrite'))
    await apply(lateObjects.optional)
    await eventually('the new content', TIMEOUT_MS, async () => {
      return (await said('files', 'now')).get('now') === 'greengreencametoob'
    })
    await ok(k('delete', 'secret', 'later'))
    await eventually('less content', TIMEOUT_MS, async () =>
      /^greengreencame.*No such file.*b$/.test((await said('files', 'now')).get('now')!),
    )
    assert.equal((await podOf('files')).status.containerStatuses![0]!.restartCount, 0)
  })

  test('sees what another mounts on its machine, if it wants to', async () => {
    await saw('mounter', { mounted: 'file' })
    await eventually('the mount of another', TIMEOUT_MS, async () => {
      return (await said('sees-hosttocontainer', 'seen')).get('seen') === 'file'
    })
    await ok(k('delete', 'pod', 'sees-none', '--now'))
    // That its end takes nothing away from others is seen by those who are left.
    const start = (await ok(k('logs', 'sees-hosttocontainer'))).split('\n').length
    await eventually('the mount still there', TIMEOUT_MS, async () => {
      const lines = (await ok(k('logs', 'sees-hosttocontainer'))).split('\n')
      return lines.length > start + 3 && lines.at(-1) === 'seen|file'
    })
  })

  test('runs as the user and with the groups of its pod, who may use its volumes', async () => {
    await saw('user', {
      id: '1000 3000 2000 3000 4000',
      secret: '440 0:2000 hidden',
      token: '640 1000:2000 readable',
      disk: '2777 0:2000 1000:2000',
      memory: '2777 0:2000 1000:2000',
      part: 'done',
      message: 'done',
    })
  })

  test('has no more rights than it is given', async () => {
    await saw('confined', {
      CapEff: '0000000000000400',
      NoNewPrivs: '1',
      Seccomp: '2',
      root: /Read-only file system/,
      group: '0 77',
      masked: '0',
    })
    await saw('privileged', {
      CapEff: /^0*[1-9a-f][0-9a-f]{8,}$/,
      Seccomp: '0',
      devices: /^\d{2,}$/,
    })
  })

  test('has the names and settings of its pod, or those of its machine', async () => {
    const { podIP } = await eventually('address of network', TIMEOUT_MS, async () => {
      const { status } = await podOf('network')
      return status.podIP === undefined ? undefined : status
    })
    const name = `h.sub.${NAMESPACE}.svc.cluster.local`
    const hosts = new RegExp(
      `^# Kubernetes-managed hosts file\\. .*${podIP}\\t${name}\\th .*192\\.0\\.2\\.1\\tone\\.example\\tuno$`,
    )
    await saw('network', {
      hostname: name,
      hosts,
      resolv: 'search x.example nameserver 192.0.2.53 options rotate',
      sysctls: '1 1',
      processes: 'seen',
    })
    const { spec, status } = await podOf('machine')
    await saw('machine', {
      hosts: new RegExp(`file \\(host network\\)\\. .*${status.hostIP}\\t${spec.nodeName}$`),
      address: new RegExp(`${status.hostIP}/`),
    })
  })

  test('gets its environment from all sources', async () => {
    await saw('environment', { argument: 'a2-$(A)-$(NO)' })
    const { spec, status } = await podOf('environment')
    const lines = (await ok(k('logs', 'environment'))).split('\n')
    const environment = Object.fromEntries(
      lines.flatMap((line) => {
        const [, key, value] = /^env\|([^=]+)=(.*)$/.exec(line) ?? []
        return key === undefined ? [] : [[key, value]]
      }),
    )
    const expected = {
      A: 'a2',
      EXPANDED: 'a$(A)$(NO)blue$(B)',
      'odd-name.1': 'taken',
      'a.key-1': 'odd',
      NODE: spec.nodeName,
      ACCOUNT: 'default',
      IPS: status.podIP,
      HOST_IP: status.hostIP,
      STAGE: 'a',
      WORD: 'hidden',
      FILE: 'a file',
      color: 'mine',
      ALL_color: 'blue',
      NOT: undefined,
      bytes: undefined,
      KUBERNETES_SERVICE_PORT_HTTPS: '443',
    }
    for (const [key, value] of Object.entries(expected)) assert.equal(environment[key], value, key)
    assert.match(environment['UNLIMITED'] ?? '', /^[1-9]/)
  })

  test('does not start with what it cannot be given, and says why', async () => {
    const setUp = 'MountVolume.SetUp failed for volume "v" : '
    const mounts: [string, string][] = [
      ['no-directory', 'hostPath type check failed: /none is not a directory'],
      ['no-socket', 'hostPath type check failed: /srv/none is not a socket file'],
      ['no-device', 'hostPath type check failed: /dev/null is not a character device'],
      ['no-huge', 'this machine has no memory of medium HugePages-2Mi'],
      ['no-bundle', 'clusterTrustBundle projections are not supported'],
      ['no-item', 'configmap references non-existent config key: no'],
      ['late-volume', 'secret "late" not found'],
    ]
    for (const [name, why] of mounts) {
      await event(name, 'FailedMount', new RegExp(`^${setUp}${why}`))
      await waits(name, 'ContainerCreating', /^$/)
    }
    const title = 'volumeMount "v" of container "main"'
    const configs: [string, RegExp][] = [
      ['no-recursion', /^failed to resolve recursive read-only mode: volume "v"/],
      ['escape', new RegExp(`^failed to prepare subPath for ${title}$`)],
      ['not-root', /^container has runAsNonRoot and image will run as root \(pod: "not-root_/],
      ['no-key', new RegExp(`^couldn't find key no in Secret ${NAMESPACE}/key$`)],
      ['late-variable', /^configmap "late" not found$/],
      ['late-path', /^missing value for "P"$/],
    ]
    for (const [name, why] of configs) {
      await waits(name, 'CreateContainerConfigError', why)
      await event(name, 'Failed', /^Error: /)
    }
    const image = 'registry.ccs.internal/default/none:1'
    const absent = new RegExp(
      `^Container image "${image}" is not present with pull policy of Never$`,
    )
    await waits('never', 'ErrImageNeverPull', absent)
    await event('never', 'ErrImageNeverPull', absent)
    await event('never', 'Failed', /^Error: ErrImageNeverPull$/)
    await event(
      'no-pull-secret',
      'FailedToRetrieveImagePullSecret',
      /^Unable to retrieve some image pull secrets \(absent\); attempting to pull/,
    )
    await event(
      'no-sysctl',
      'SysctlForbidden',
      /^forbidden sysctl: "kernel.msgmax" not allowlisted$/,
    )
    const { phase, reason, message } = (await podOf('no-sysctl')).status
    assert.deepEqual([phase, reason], ['Failed', 'SysctlForbidden'])
    assert.match(message!, /^Pod was rejected: forbidden sysctl/)
    await ready('no-pull-secret')
    await event('long-name', 'FailedCreatePodSandBox', /FQDN long-name\.s+\.\S+ is too long \(64/)
  })

  test('starts as soon as what was missing comes', async () => {
    await waits('late-path', 'CreateContainerConfigError', /./)
    await apply(lateObjects.needed)
    await ok(k('annotate', 'pod', 'late-path', 'path=some/where', '--overwrite'))
    for (const name of ['late-volume', 'late-variable', 'late-path']) await ready(name)
  })

  test('has its log rotated, and readers notice nothing', async () => {
    const { nodeName } = (await podOf('chatty')).spec
    const { uid } = (await podOf('chatty')).metadata
    const follower = spawn('kubectl', [...kubectlFlags(), 'logs', '-f', 'chatty'])
    const chunks: Buffer[] = []
    follower.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    const logs = path.join(instance.dataDir, 'clusters', 'local', nodeName, 'logs', 'pods')
    const directory = path.join(logs, `${NAMESPACE}_chatty_${uid}`, 'main')
    await eventually('a rotation', TIMEOUT_MS, async () =>
      readdirSync(directory).some((name) => /^0\.log\.\d{8}-\d{6}$/.test(name)),
    )
    await eventually('lines after it', TIMEOUT_MS, async () =>
      /^[^]* F 30\d{4}\n/.test(readFileSync(path.join(directory, '0.log'), 'latin1')),
    )
    const whole = (await run(['kubectl', ...kubectlFlags(), 'logs', 'chatty'])).stdout
    const tail = (await ok(k('logs', 'chatty', '--tail=5000'))).split('\n')
    await eventually(
      'all that was followed',
      TIMEOUT_MS,
      async () => Buffer.concat(chunks).length >= whole.length,
    )
    follower.kill()
    const isSequence = (lines: string[]) =>
      lines.every((line, at) => at === 0 || Number(line) === Number(lines[at - 1]) + 1)
    for (const text of [whole, Buffer.concat(chunks).toString()]) {
      const lines = text.split('\n').slice(0, -1)
      assert.equal(lines[0], '1')
      assert.ok(lines.length > 300_000, String(lines.length))
      assert.ok(isSequence(lines))
    }
    // More, where more was written meanwhile.
    assert.ok(isSequence(tail) && tail.length >= 5000 && Number(tail[0]) < 300_000)
  })

  test('is evicted when it takes more of the disk than it may', async () => {
    const messages: Record<string, RegExp> = {
      'greedy-volume': /^Usage of EmptyDir volume "v" exceeds the limit "1Mi"\. $/,
      'greedy-layer':
        /^Pod ephemeral local storage usage exceeds the total limit of containers 4Mi\. $/,
    }
    for (const [name, message] of Object.entries(messages)) {
      const { status } = await eventually(`the end of ${name}`, TIMEOUT_MS, async () => {
        const found = await podOf(name)
        return found.status.phase === 'Failed' ? found : undefined
      })
      assert.equal(status.reason, 'Evicted')
      assert.match(status.message!, message)
      await event(name, 'Evicted', message)
    }
  })

  test('has a log of each start, of which a part can be asked for', async () => {
    await eventually('the second start', TIMEOUT_MS, async () =>
      (await ok(k('logs', 'again'))).includes('start 2'),
    )
    assert.equal(await ok(k('logs', 'again', '--previous')), 'start 1\nline 1')
    assert.equal(await ok(k('logs', 'again', '--tail=1')), 'line 2')
    assert.equal(await ok(k('logs', 'again', '--limit-bytes=4')), 'star')
    assert.equal(await ok(k('logs', 'again', '--since-time=2100-01-01T00:00:00Z')), '')
    assert.equal(await ok(k('logs', 'again', '--since=1h', '--tail=1')), 'line 2')
    const stamped = await ok(k('logs', 'again', '--timestamps', '--tail=1'))
    assert.match(stamped, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line 2$/)
    assert.match(await ok(k('logs', 'network', '--all-containers')), /processes\|seen/)
    const none = await k('logs', 'long-line', '-p')
    assert.match(none.stderr, /previous terminated container "main" in pod "long-line" not found/)
    const [line, end] = (await ok(k('logs', 'long-line'))).split('\n')
    assert.deepEqual([line, end], ['x'.repeat(40_000), 'end'])
  })
})
