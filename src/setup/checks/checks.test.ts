import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostChain } from '#linux/host-filter.ts'
import { judgeCertificates } from './certificates.ts'
import { type Finding, runChecks, worst } from './check.ts'
import { judgeClock } from './clock.ts'
import { type DiskReadings, judgeDisk } from './disk.ts'
import { type FirewallReadings, judgeFirewall } from './firewall.ts'
import { judgeCapabilities, judgeCgroups, mayProtectFromOom } from './kernel.ts'
import { findLeftovers, judgeLeftovers } from './leftovers.ts'
import { judgeLimits, openFilesLimit } from './limits.ts'
import { judgeListening } from './listening.ts'
import { judgeMemory, OWN_BYTES } from './memory.ts'
import { deathsIn, judgeProcesses } from './processes.ts'
import { isOlder, judgeMissing, judgeTool, versionIn } from './tools.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3
const NOW = Date.UTC(2026, 5, 1)

const states = (findings: readonly Finding[]) => findings.map(({ state }) => state)

test('runChecks makes a failure of a check that throws, and goes on', async () => {
  const rows = await runChecks(
    [
      { name: 'broken', look: () => Promise.reject(new Error('no such device')) },
      { name: 'fine', look: () => [{ state: 'ok', found: 'all' }] },
    ],
    {},
  )
  assert.deepEqual(states(rows), ['fail', 'ok'])
  assert.match(rows[0]!.found, /no such device/)
  assert.equal(worst(rows), 'fail')
  assert.equal(worst([]), 'ok')
})

test('judgeMemory refuses below the floor, warns below comfort, and says what is left', () => {
  assert.equal(judgeMemory(200 * MIB, false).state, 'fail')
  const tight = judgeMemory(OWN_BYTES + 200 * MIB, false)
  assert.equal(tight.state, 'warn')
  assert.match(tight.found, /200 MiB are left for containers/)
  assert.equal(judgeMemory(8 * GIB, false).state, 'ok')
})

test('judgeMemory asks nothing for ccs itself once that runs', () => {
  assert.equal(judgeMemory(600 * MIB, true).state, 'ok')
  assert.equal(judgeMemory(200 * MIB, true).state, 'warn')
})

const disk = (change: Partial<DiskReadings>): Finding[] =>
  judgeDisk({
    place: '/var/lib/ccs',
    freeBytes: 50 * GIB,
    sizeBytes: 100 * GIB,
    inodesFree: 900,
    inodes: 1_000,
    type: 0xef53,
    isReadOnly: false,
    ...change,
  })

test('judgeDisk warns from 80 % on and refuses a disk with no room', () => {
  assert.deepEqual(states(disk({})), ['ok'])
  assert.deepEqual(states(disk({ freeBytes: 19 * GIB })), ['warn'])
  assert.match(disk({ freeBytes: 19 * GIB })[0]!.found, /19.0 GiB of 100.0 GiB .*\(81 % used/)
  assert.deepEqual(states(disk({ freeBytes: 2 * GIB })), ['fail'])
  assert.deepEqual(states(disk({ freeBytes: 100 * GIB, sizeBytes: 8_000 * GIB })), ['warn'])
  assert.deepEqual(states(disk({ sizeBytes: 2 * GIB, freeBytes: 0.9 * GIB })), ['fail'])
  assert.deepEqual(states(disk({ inodesFree: 50 })), ['ok', 'warn'])
  assert.deepEqual(states(disk({ inodesFree: 0, inodes: 0 })), ['ok'])
})

test('judgeDisk refuses file systems that cannot hold an instance', () => {
  assert.match(disk({ type: 0x794c7630 })[0]!.found, /overlay/)
  assert.equal(disk({ type: 0x6969 })[0]!.state, 'fail')
  assert.match(disk({ isReadOnly: true })[0]!.found, /read-only/)
  assert.match(disk({ sizeBytes: 0, freeBytes: 0 })[0]!.found, /holds no data/)
  assert.deepEqual(states(disk({ type: 0x01021994 })), ['warn', 'ok'])
})

test('judgeCapabilities names what is missing', () => {
  assert.deepEqual(judgeCapabilities('CapEff:\t000001ffffffffff\n'), [])
  const docker = 'CapEff:\t00000000a80425fb\n'
  assert.match(judgeCapabilities(docker)[0]!.found, /CAP_NET_ADMIN and CAP_SYS_ADMIN/)
  assert.equal(mayProtectFromOom('CapEff:\t000001fffeffffff\n'), false)
  assert.equal(mayProtectFromOom('CapEff:\t000001ffffffffff\n'), true)
})

test('judgeCgroups wants the controllers that limit machines, in both versions', () => {
  assert.deepEqual(judgeCgroups({ version: 2, all: [] }, 'cpuset cpu io memory pids'), [])
  assert.match(judgeCgroups({ version: 2, all: [] }, 'cpu pids')[0]!.found, /v2 without memory/)
  const v1 = [{ controllers: ['cpu', 'cpuacct'] }, { controllers: ['memory'] }]
  assert.match(judgeCgroups({ version: 1, all: v1 }, '')[0]!.found, /v1 without pids/)
  assert.match(judgeCgroups(undefined, '')[0]!.mend!, /mount -t cgroup2/)
})

test('judgeLimits names the setting and the command that raises it', () => {
  const low = (sysctl: string) => (sysctl === 'fs.inotify.max_user_instances' ? 64 : 1e9)
  const [finding, ...rest] = judgeLimits(low, 1e6)
  assert.deepEqual(rest, [])
  assert.match(finding!.mend!, /sysctl -w fs.inotify.max_user_instances=128/)
  assert.match(judgeLimits(() => undefined, 1_024)[0]!.found, /1024 files only/)
  assert.equal(
    openFilesLimit('Max open files            1024                 524288   files\n'),
    524_288,
  )
  assert.equal(
    openFilesLimit('Max open files            1024                 unlimited   files\n'),
    Infinity,
  )
})

test('judgeTool refuses what is too old', () => {
  const nft = { name: 'nft', min: '1.0' }
  assert.equal(judgeTool(nft, 'nftables v1.0.6 (Lester Gooch #5)').state, 'ok')
  assert.match(judgeTool(nft, 'nftables v0.9.8').found, /0.9.8 is too old; ccs needs 1.0/)
  assert.equal(judgeTool(nft, '').state, 'fail')
  assert.equal(versionIn('containerd github.com/containerd/containerd 1.6.20~ds1'), '1.6.20')
  assert.equal(isOlder('1.10.0', '1.6'), false)
})

test('judgeMissing gives the command of this distribution', () => {
  const runc = [{ name: 'runc', files: [], why: 'starts a container' }]
  assert.match(judgeMissing(runc, 'ID=debian\n')[0]!.mend!, /apt-get install -y .* runc/)
  assert.match(judgeMissing(runc, 'ID=fedora\n')[0]!.mend!, /install what provides/)
  assert.deepEqual(judgeMissing([], ''), [])
})

test('judgeClock finds a clock that was never set, was set back, or drifts', () => {
  const readings = { nowMs: NOW, createdAtMs: NOW - 1_000, isSynchronized: true }
  assert.equal(judgeClock(readings).state, 'ok')
  assert.equal(judgeClock({ ...readings, isSynchronized: undefined }).state, 'ok')
  assert.equal(judgeClock({ ...readings, isSynchronized: false }).state, 'warn')
  assert.match(judgeClock({ ...readings, nowMs: 0 }).found, /1970.*cannot be/)
  assert.match(judgeClock({ ...readings, createdAtMs: NOW + 3_600_000 }).found, /not valid yet/)
})

const FORWARD: HostChain = { family: 'ip', table: 'filter', name: 'FORWARD', hook: 'forward' }
const firewall = (change: Partial<FirewallReadings>) =>
  judgeFirewall({
    chains: [],
    legacy: undefined,
    mark: { comment: 'ccs-abcdef', linkPrefix: 'ccsabcdef' },
    isRunning: true,
    ...change,
  })

test('judgeFirewall is content while nothing drops, or our rules stand in front', () => {
  assert.equal(firewall({})[0]!.state, 'ok')
  const rules = ['iifname', 'oifname'].map((direction, handle) => ({
    text: `${direction} "ccsabcdef*" counter accept comment "ccs-abcdef"`,
    handle,
  }))
  const listing = { policy: 'drop' as const, rules }
  assert.match(firewall({ chains: [{ chain: FORWARD, listing }] })[0]!.found, /ours|our accept/)
})

test('judgeFirewall names the chain that drops, and how to open it', () => {
  const listing = { policy: 'drop' as const, rules: [] }
  const [finding] = firewall({ chains: [{ chain: FORWARD, listing }] })
  assert.equal(finding!.state, 'fail')
  assert.match(finding!.found, /ip filter FORWARD/)
  assert.match(
    finding!.mend!,
    /^nft 'insert rule ip filter FORWARD iifname "ccsabcdef\*" counter accept comment "ccs-abcdef"' && nft '/,
  )
  const before = firewall({ chains: [{ chain: FORWARD, listing }], isRunning: false })
  assert.match(before[0]!.found, /'ccs up' adds accept rules/)
  const chain: HostChain = {
    family: 'inet',
    table: 'firewalld',
    name: 'filter_FORWARD',
    hook: 'forward',
  }
  const reject = { policy: 'accept' as const, rules: [{ text: 'reject with icmpx', handle: 1 }] }
  assert.match(firewall({ chains: [{ chain, listing: reject }] })[0]!.mend!, /^firewall-cmd /)
})

test('judgeFirewall sees what iptables-legacy drops', () => {
  const legacy = '-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n'
  const [finding] = firewall({ legacy })
  assert.match(finding!.mend!, /iptables-legacy -I FORWARD -i ccsabcdef\+ -j ACCEPT/)
  const open = `${legacy}-A FORWARD -i ccsabcdef+ -j ACCEPT\n`
  assert.equal(firewall({ legacy: open })[0]!.state, 'ok')
  assert.equal(firewall({ legacy: '-P FORWARD ACCEPT\n' })[0]!.state, 'ok')
})

test('judgeCertificates warns a month ahead, and of a clock before them', () => {
  const day = 86_400_000
  const certificate = { name: 'server-api.pem', notBeforeMs: NOW - day, notAfterMs: NOW + 90 * day }
  assert.equal(judgeCertificates([certificate], NOW)[0]!.state, 'ok')
  assert.match(judgeCertificates([certificate], NOW + 70 * day)[0]!.found, /ends in 20 days/)
  assert.equal(judgeCertificates([certificate], NOW + 91 * day)[0]!.state, 'fail')
  assert.match(judgeCertificates([certificate], NOW - 2 * day)[0]!.found, /the clock is before/)
})

test('findLeftovers tells instances that are gone from those that live and from others', () => {
  const places = {
    namespaces: [
      'ccs-abcdef_local',
      'ccs-abcdef_local_m1',
      'ccs-ghijkl_local',
      'ccs-test-net',
      'vpn',
    ],
    tables: ['ccs-abcdef', 'ccs-abcdef-lb-local', 'filter'],
  }
  const found = findLeftovers(places, new Set(['ghijkl']))
  assert.deepEqual(found, [{ id: 'abcdef', what: ['2 namespaces', '2 tables'] }])
  assert.match(judgeLeftovers(found)[0]!.mend!, /--fix/)
  const running = judgeLeftovers([{ ...found[0]!, dataDir: '/srv/x' }])
  assert.match(running[0]!.mend!, /ccs down --purge --data-dir \/srv\/x/)
})

test('judgeListening finds a socket that others may reach', () => {
  const socket = { protocol: 'tcp' as const, address: '127.0.0.1', port: 6443, inode: '1' }
  const judge = (address: string) =>
    judgeListening([{ process: 'engine', sockets: [{ ...socket, address }] }], ['10.64.0.0/16'])
  for (const address of ['127.0.0.1', '127.0.0.53', '10.64.1.1', '::1'])
    assert.equal(judge(address)[0]!.state, 'ok', address)
  for (const address of ['0.0.0.0', '::', '192.168.1.2', '10.65.1.1'])
    assert.equal(judge(address)[0]!.state, 'fail', address)
})

test('judgeProcesses names the process that does not run, how often it died, and its last words', () => {
  const reading = { name: 'engine' as const, isAlive: true, deaths: 0, lastWords: '' }
  assert.equal(judgeProcesses([reading])[0]!.state, 'ok')
  const dead = { ...reading, isAlive: false, deaths: 4, lastWords: 'EADDRINUSE' }
  assert.match(judgeProcesses([dead])[0]!.found, /engine .* died 4 times .* EADDRINUSE/)
  assert.equal(judgeProcesses([{ ...reading, deaths: 3 }])[0]!.state, 'warn')
})

test('deathsIn counts the recent deaths in a log whose beginning was cut off', () => {
  const line = (minute: number, died: string) =>
    JSON.stringify({ time: new Date(NOW + minute * 60_000).toISOString(), level: 'warn', died })
  const log = ['ted":"engine"}', line(0, 'edge'), line(30, 'edge'), line(31, 'engine'), ''].join(
    '\n',
  )
  assert.deepEqual(
    [...deathsIn(log, NOW + 60_000)],
    [
      ['edge', 1],
      ['engine', 1],
    ],
  )
})
