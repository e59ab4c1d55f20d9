import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingAccepts, parseChain } from './host-filter.ts'

const mark = { comment: 'ccs-abcdef', linkPrefix: 'ccsabcdef' }
const listing = (policy: string, ...rules: string[]) => `table ip filter {
\tchain FORWARD { # handle 1
\t\ttype filter hook forward priority filter; policy ${policy};
${rules.map((rule, i) => `\t\t${rule} # handle ${i + 2}\n`).join('')}\t}
}
`
const ours = (direction: string) =>
  `${direction} "ccsabcdef*" counter packets 0 bytes 0 accept comment "ccs-abcdef"`
const missing = (text: string) => missingAccepts('FORWARD', parseChain(text)!, mark)

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
