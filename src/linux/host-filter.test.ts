import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HostChain, missingAccepts, parseChain, parseChains } from './host-filter.ts'

const mark = { comment: 'ccs-abcdef', linkPrefix: 'ccsabcdef' }
const listing = (policy: string, ...rules: string[]) => `table ip filter {
\tchain FORWARD { # handle 1
\t\ttype filter hook forward priority filter; policy ${policy};
${rules.map((rule, i) => `\t\t${rule} # handle ${i + 2}\n`).join('')}\t}
}
`
const ours = (direction: string) =>
  `${direction} "ccsabcdef*" counter packets 0 bytes 0 accept comment "ccs-abcdef"`
const FORWARD: HostChain = { family: 'ip', table: 'filter', name: 'FORWARD', hook: 'forward' }
const missing = (text: string) => missingAccepts(FORWARD, parseChain(text)!, mark)

test('parseChain reads policy, rules and handles of a base chain', () => {
  const chain = parseChain(listing('drop', 'iifname "docker0" accept'))
  assert.deepEqual(chain, {
    policy: 'drop',
    rules: [{ text: 'iifname "docker0" accept', handle: 2 }],
  })
  assert.equal(parseChain('table ip filter {\n\tchain FORWARD {\n\t}\n}\n'), undefined)
})

test('missingAccepts wants nothing of a chain that lets everything through', () => {
  assert.deepEqual(missing(listing('accept')), [])
  assert.deepEqual(missing(listing('accept', 'iifname "eth0" counter packets 1 bytes 2')), [])
})

test('missingAccepts wants both directions in front of a policy or a rule that may drop', () => {
  assert.equal(missing(listing('drop')).length, 2)
  const [first] = missing(listing('accept', 'iifname "eth1" drop'))
  assert.equal(
    first,
    'insert rule ip filter FORWARD iifname "ccsabcdef*" counter accept comment "ccs-abcdef"',
  )
})

test('missingAccepts adds only the direction that is missing, and none twice', () => {
  assert.equal(missing(listing('drop', ours('iifname'))).length, 1)
  assert.deepEqual(missing(listing('drop', ours('oifname'), ours('iifname'))), [])
})

test('missingAccepts looks at what comes in by one direction only', () => {
  const input: HostChain = { family: 'inet', table: 'mine', name: 'in', hook: 'input' }
  assert.deepEqual(missingAccepts(input, { policy: 'drop', rules: [] }, mark), [
    'insert rule inet mine in iifname "ccsabcdef*" counter accept comment "ccs-abcdef"',
  ])
})

test('parseChains finds the base chains of others that packets of ours pass', () => {
  const chains = parseChains(`table inet ccs-abcdef {
\tchain input {
\t\ttype filter hook input priority filter - 10; policy accept;
\t}
}
table ip filter {
\tchain DOCKER {
\t}
\tchain FORWARD {
\t\ttype filter hook forward priority filter; policy drop;
\t}
\tchain OUTPUT {
\t\ttype filter hook output priority filter; policy accept;
\t}
}
table ip6 filter {
\tchain INPUT {
\t\ttype filter hook input priority filter; policy drop;
\t}
}
table inet firewalld {
\tchain filter_INPUT {
\t\ttype filter hook input priority filter + 10; policy accept;
\t}
\tchain nat_POSTROUTING {
\t\ttype nat hook postrouting priority srcnat + 10; policy accept;
\t}
}
`)
  assert.deepEqual(chains, [
    FORWARD,
    { family: 'inet', table: 'firewalld', name: 'filter_INPUT', hook: 'input' },
  ])
})
