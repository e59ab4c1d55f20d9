// tableChange against a small model of the kernel: each change leads to the state it is meant to, and
// nothing is ever removed that something still refers to.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#base/random.ts'
import { type NatInput, natRules } from './nat-rules.ts'
import { type NftProgram, tableChange, wholeTable } from './nft-program.ts'
import type { RouteEndpoint, ServicePortRoute } from './service-endpoints.ts'

type Model = Pick<NftProgram, 'sets' | 'chains'>

const copyOf = ({ sets, chains }: NftProgram): Model => ({
  sets: new Map(
    [...sets].map(([name, set]) => [name, { ...set, elements: new Map(set.elements ?? []) }]),
  ),
  chains: new Map([...chains].map(([name, rules]) => [name, [...rules]])),
})

const referencesIn = (text: string) =>
  [...text.matchAll(/(?:goto |@)([^\s,}]+)/g)].map(([, name]) => name!)

function referencesOf({ sets, chains }: Model): Set<string> {
  const texts = [...chains.values()].flat()
  for (const { elements } of sets.values()) texts.push(...(elements?.values() ?? []))
  return new Set(texts.flatMap(referencesIn))
}

function run(model: Model, line: string): void {
  const [, verb, what, name = '', rest = ''] =
    /^(\w+) (\w+) ip ccs (\S+) ?(.*)$/.exec(line) ?? assert.fail(line)
  const isThere = (wanted: string) => model.chains.has(wanted) || model.sets.has(wanted)
  const elements = () => {
    const inside = /^\{ (.*) \}$/.exec(rest)?.[1] ?? assert.fail(line)
    return inside.split(', ').map((text) => text.split(' : ') as [string, string?])
  }
  if (verb === 'add') for (const wanted of referencesIn(rest)) assert.ok(isThere(wanted), line)
  switch (`${verb} ${what}`) {
    case 'delete element':
      for (const [key] of elements())
        assert.ok(model.sets.get(name)!.elements!.delete(key), `${line}: it is not there`)
      return
    case 'add element':
      for (const [key, value = ''] of elements()) {
        assert.ok(!model.sets.get(name)!.elements!.has(key), `${line}: it is there`)
        model.sets.get(name)!.elements!.set(key, value)
      }
      return
    case 'flush chain':
      assert.ok(model.chains.has(name), line)
      model.chains.set(name, [])
      return
    case 'add rule':
      model.chains.get(name)!.push(rest)
      return
    case 'add chain':
      assert.ok(!isThere(name), line)
      model.chains.set(name, [])
      return
    case 'add set':
      assert.ok(!isThere(name), line)
      model.sets.set(name, { kind: 'set', declaration: rest.slice(2, -2), elements: new Map() })
      return
    case 'delete set':
    case 'delete chain':
      assert.ok(isThere(name) && !referencesOf(model).has(name), `${line}: is it in use?`)
      model.sets.delete(name)
      model.chains.delete(name)
      return
    default:
      assert.fail(`not understood: ${line}`)
  }
}

function randomInput(seed: number): NatInput[] {
  const random = seededRandom(seed)
  const chance = (share: number) => random.next() < share
  const endpointOf = (i: number): RouteEndpoint => ({
    address: `10.64.${64 + (i % 2)}.${i + 2}`,
    port: 8080,
    node: `n${i % 2}`,
    isReady: chance(0.7),
    isLeaving: chance(0.3),
    zones: chance(0.5) ? [`z${i % 2}`] : undefined,
    nodes: undefined,
  })
  const routeOf = (i: number): ServicePortRoute => {
    const endpoints = Array.from({ length: Math.floor(random.next() * 4) }, (_, at) =>
      endpointOf(at),
    )
    return {
      id: `default/s${i}:80/TCP`,
      service: `default/s${i}`,
      protocol: chance(0.5) ? 'TCP' : 'UDP',
      port: 80,
      // Services that take each other's address over are the hard case.
      clusterAddresses: [`10.64.128.${1 + Math.floor(random.next() * 4)}`],
      balancerAddresses: chance(0.4) ? [`10.127.0.${i + 1}`] : [],
      externalAddresses: [],
      nodePort: chance(0.4) ? 30_000 + Math.floor(random.next() * 4) : undefined,
      sourceRanges: chance(0.2) ? ['192.0.2.0/24'] : [],
      isLocalInside: chance(0.3),
      isLocalOutside: chance(0.3),
      affinitySeconds: chance(0.4) ? 60 + Math.floor(random.next() * 2) : undefined,
      endpoints,
      backends: endpoints.filter(({ isReady }) => isReady),
    }
  }
  return Array.from({ length: 30 }, () => ({
    table: 'ccs',
    routes: Array.from({ length: 5 }, (_, i) => i)
      .filter(() => chance(0.8))
      .map(routeOf),
    hostPorts: [],
    place: { node: 'n0', zone: 'z0' },
    answers: 'all',
    uplink: 'eth0',
  }))
}

test('tableChange leads from any program to any other', () => {
  for (let seed = 1; seed <= 30; seed++) {
    let before: NftProgram | undefined
    for (const input of randomInput(seed)) {
      const after = natRules(input)
      if (before !== undefined) {
        const model = copyOf(before)
        for (const line of tableChange(before, after).split('\n').filter(Boolean)) run(model, line)
        const wanted = copyOf(after)
        for (const [name, { elements }] of wanted.sets)
          assert.deepEqual(model.sets.get(name)?.elements, elements, `seed ${seed}: ${name}`)
        assert.deepEqual(Object.fromEntries(model.chains), Object.fromEntries(wanted.chains))
      }
      assert.equal(tableChange(after, natRules(input)), '')
      before = after
    }
  }
})

test('tableChange says no more than what changed, however many services there are', () => {
  const [input] = randomInput(1)
  const many = Array.from({ length: 3_000 }, (_, i) => ({
    ...input!.routes[0]!,
    service: `default/s${i}`,
    clusterAddresses: [`10.65.${i >> 8}.${i & 255}`],
    balancerAddresses: [],
    nodePort: undefined,
    isLocalInside: false,
    affinitySeconds: undefined,
  }))
  const endpoint = { address: '10.64.64.2', port: 80, node: 'n0', isReady: true, isLeaving: false }
  const known = { ...endpoint, zones: undefined, nodes: undefined }
  const withOne = (i: number, port: number) =>
    natRules({
      ...input!,
      routes: many.map((route, at) => ({
        ...route,
        endpoints: [at === i ? { ...known, port } : known],
        backends: [at === i ? { ...known, port } : known],
      })),
    })
  const change = tableChange(withOne(7, 80), withOne(7, 81))
  assert.equal(change.trim().split('\n').length, 2, change)
  assert.match(change, /^flush chain ip ccs everywhere-default\/s7\//)
})

test('wholeTable replaces the table, whatever it was', () => {
  const text = wholeTable(natRules(randomInput(1)[0]!))
  assert.match(text, /^table ip ccs\ndelete table ip ccs\ntable ip ccs \{/)
})
