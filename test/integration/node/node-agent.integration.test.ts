import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { configMaps, leases, nodes, pods } from '#kinds/refs.ts'
import { busyboxImage } from './test-images.ts'
import { TestMachine, isReady, main, sh } from './test-agent.ts'

let machine: TestMachine

before(async () => {
  machine = await TestMachine.start()
})
after(() => machine.destroy())

describe('node agent on containerd', { timeout: 180_000 }, () => {
  test('registers a ready node and renews its lease', async () => {
    const node = machine.api.get(nodes, { name: 'm1' })
    assert.equal(node?.metadata.labels?.['topology.kubernetes.io/zone'], 'zone-a')
    assert.equal(node?.spec.podCIDR, machine.runtime.podCIDR)
    const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready')
    assert.equal(ready?.status, 'True')
    assert.match(node?.status?.nodeInfo?.containerRuntimeVersion ?? '', /^containerd:\/\/1\./)
    const lease = () =>
      machine.api.get(leases, { namespace: 'kube-node-lease', name: 'm1' })?.spec.renewTime
    await sleep(200)
    const first = lease()
    await sleep(1_500)
    assert.notEqual(lease(), first)
  })

  test('runs a pod, reports it, and serves its log', async () => {
    const began = Date.now()
    await machine.makePod('web', {
      ...sh('echo "hello $WHO from $NAME"; echo second; exec httpd -f -p 8080 -h /tmp'),
      env: [
        { name: 'WHO', value: 'world' },
        { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 1 },
    })
    const pod = await machine.until('web', isReady)
    console.log(`ready after ${Date.now() - began} ms`)
    assert.equal(pod.status?.phase, 'Running')
    assert.match(pod.status?.podIP ?? '', /^10\.200\./)
    assert.equal(pod.status?.hostIP, '127.0.0.1')
    assert.equal(main(pod)?.restartCount, 0)
    assert.match(main(pod)?.containerID ?? '', /^containerd:\/\//)
    assert.deepEqual(await machine.logOf('web'), {
      status: 200,
      text: 'hello world from web\nsecond\n',
    })
    assert.equal((await machine.logOf('web', '?tailLines=1')).text, 'second\n')
    const missing = await machine.logOf('web', '?previous=true')
    assert.equal(missing.status, 400)
    assert.match(missing.text, /previous terminated container "main" in pod "web" not found/)
    assert.deepEqual(machine.reasons('web'), ['Pulled', 'Created', 'Started'])
  })

  test('restarts a killed container at once and counts it', async () => {
    const before = await machine.until('web', isReady)
    process.kill(machine.pidOf(before), 'SIGKILL')
    const began = Date.now()
    const pod = await machine.until('web', (p) => main(p)?.restartCount === 1 && isReady(p))
    assert.ok(Date.now() - began < 3_000, `took ${Date.now() - began} ms`)
    assert.equal(main(pod)?.lastState?.terminated?.exitCode, 137)
    assert.equal(
      (await machine.logOf('web', '?previous=true')).text,
      'hello world from web\nsecond\n',
    )
  })

  test('a new agent adopts what runs without touching it', async () => {
    const before = await machine.until('web', isReady)
    const pid = machine.pidOf(before)
    await machine.stopAgent()
    await machine.startAgent()
    await sleep(1_500)
    const pod = machine.get('web')!
    assert.equal(main(pod)?.containerID, main(before)?.containerID)
    assert.equal(main(pod)?.restartCount, main(before)?.restartCount)
    assert.equal(machine.pidOf(pod), pid)
    assert.equal(isReady(pod), true)
  })

  test('says at once that the runtime died and goes on when it is back', async () => {
    const ready = () =>
      machine.api
        .get(nodes, { name: 'm1' })
        ?.status?.conditions?.find(({ type }) => type === 'Ready')
    const before = await machine.until('web', isReady)
    await machine.runtime.kill()
    await sleep(500)
    assert.equal(ready()?.status, 'False')
    assert.equal(ready()?.message, 'container runtime is down')
    await machine.runtime.restart()
    await sleep(1_500)
    assert.equal(ready()?.status, 'True')
    assert.equal(main(machine.get('web')!)?.containerID, main(before)?.containerID)
    await machine.makePod('later', sh('exec sleep 3600'))
    await machine.until('later', isReady)
  })

  test('deletes gracefully: TERM, sandbox, object, files', async () => {
    const pod = await machine.makePod(
      'graceful',
      {
        ...sh('trap "echo bye; exit 0" TERM; while true; do sleep 0.1; done'),
        lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo pre > /proc/1/fd/1'] } } },
      },
      { terminationGracePeriodSeconds: 10 },
    )
    await machine.until('graceful', isReady)
    const follow = machine.logOf('graceful', '?follow=true')
    const began = Date.now()
    await machine.deletePod('graceful')
    await machine.untilGone('graceful')
    assert.ok(Date.now() - began < 5_000, `took ${Date.now() - began} ms`)
    assert.equal((await follow).text, 'pre\nbye\n')
    await sleep(500)
    assert.throws(
      () => readFileSync(`${machine.runtime.directory}/pods/${pod.metadata.uid}/etc-hosts`),
      {
        code: 'ENOENT',
      },
    )
    assert.ok(machine.reasons('graceful').includes('Killing'))
  })

  test('a pod deleted while no agent runs is cleared away by the next one', async () => {
    await machine.makePod('orphan', sh('exec sleep 3600'))
    const pod = await machine.until('orphan', isReady)
    const pid = machine.pidOf(pod)
    await machine.stopAgent()
    machine.api.remove(pods, { namespace: 'default', name: 'orphan' })
    await machine.startAgent()
    for (let tries = 0; tries < 200; tries++) {
      await sleep(50)
      try {
        process.kill(pid, 0)
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH')
        return
      }
    }
    assert.fail('the process still runs')
  })

  test('a liveness probe that fails restarts the container', async () => {
    await machine.makePod('sick', {
      ...sh('touch /tmp/ok; sleep 1; exec sleep 3600'),
      livenessProbe: {
        exec: { command: ['test', '-e', '/tmp/missing'] },
        periodSeconds: 1,
        failureThreshold: 2,
        timeoutSeconds: 1,
      },
    })
    await machine.until('sick', (pod) => (main(pod)?.restartCount ?? 0) >= 1)
    assert.ok(machine.reasons('sick').includes('Unhealthy'))
    await machine.deletePod('sick', 0)
    await machine.untilGone('sick')
  })

  test('reports the end of pods that run once', async () => {
    await machine.makePod('done', sh('echo done'), { restartPolicy: 'Never' })
    await machine.makePod('failed', sh('echo bad >/dev/termination-log; exit 3'), {
      restartPolicy: 'Never',
    })
    const done = await machine.until('done', (pod) => pod.status?.phase === 'Succeeded')
    assert.equal(main(done)?.state?.terminated?.reason, 'Completed')
    const failed = await machine.until('failed', (pod) => pod.status?.phase === 'Failed')
    assert.equal(main(failed)?.state?.terminated?.exitCode, 3)
    assert.equal(main(failed)?.state?.terminated?.message, 'bad\n')
    for (const name of ['done', 'failed']) {
      await machine.deletePod(name)
      await machine.untilGone(name)
    }
  })

  test('waits for init containers and backs off from crashes', async () => {
    await machine.makePod('crashing', sh('exit 1'), {
      initContainers: [
        { name: 'first', image: busyboxImage, imagePullPolicy: 'IfNotPresent', ...sh('exit 0') },
      ],
    })
    const pod = await machine.until(
      'crashing',
      (p) => main(p)?.state?.waiting?.reason === 'CrashLoopBackOff',
    )
    assert.equal(main(pod)?.restartCount, 1)
    assert.match(main(pod)?.state?.waiting?.message ?? '', /^back-off 10s restarting failed/)
    await machine.deletePod('crashing')
    await machine.untilGone('crashing')
  })

  test('says why an image or a configuration is missing', async () => {
    await machine.makePod('no-image', { image: 'localhost:1/none:1' })
    await machine.makePod('no-config', { envFrom: [{ configMapRef: { name: 'none' } }] })
    await machine.until('no-image', (p) => main(p)?.state?.waiting?.reason === 'ImagePullBackOff')
    const pod = await machine.until(
      'no-config',
      (p) => main(p)?.state?.waiting?.reason === 'CreateContainerConfigError',
    )
    assert.equal(main(pod)?.state?.waiting?.message, 'configmap "none" not found')
    const log = await machine.logOf('no-image')
    assert.equal(log.status, 400)
    assert.match(log.text, /container "main" in pod "no-image" is waiting to start: /)
    for (const name of ['no-image', 'no-config']) {
      await machine.deletePod(name)
      await machine.untilGone(name)
    }
  })

  test('mounts volumes and brings ConfigMaps up to date', async () => {
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', namespace: 'default' },
      data: { key: 'one' },
    }
    await machine.client.resource(configMaps).create(object)
    await machine.makePod(
      'volumes',
      {
        ...sh(
          'cat /c/key; echo; cat /d/labels; echo; mount | grep -c " /m "; cat /etc/hosts | grep -c volumes; while sleep 0.1; do cat /c/key; echo; done',
        ),
        volumeMounts: [
          { name: 'c', mountPath: '/c' },
          { name: 'd', mountPath: '/d' },
          { name: 'm', mountPath: '/m' },
        ],
      },
      {
        volumes: [
          { name: 'c', configMap: { name: 'c' } },
          {
            name: 'd',
            downwardAPI: {
              items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }],
            },
          },
          { name: 'm', emptyDir: { medium: 'Memory' } },
        ],
      },
    )
    await machine.until('volumes', isReady)
    await sleep(300)
    const before = (await machine.logOf('volumes')).text
    assert.ok(before.startsWith('one\napp="volumes"\n'), before)
    const current = machine.api.get(configMaps, { namespace: 'default', name: 'c' })!
    await machine.client.resource(configMaps).update({ ...current, data: { key: 'two' } })
    await sleep(700)
    assert.ok((await machine.logOf('volumes')).text.includes('\ntwo\n'))
    await machine.deletePod('volumes', 0)
    await machine.untilGone('volumes')
  })
})
