import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { AddressBook, AddressesExhausted } from './address-book.ts'

const CIDR = '10.127.3.0/24'

function withFile(work: (file: string) => void): void {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-book-'))
  try {
    work(path.join(directory, 'book.json'))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('AddressBook.claim gives the same address again, also after a restart', () =>
  withFile((file) => {
    const first = new AddressBook(file, CIDR).claim('local/default/web').address
    const again = new AddressBook(file, CIDR)
    assert.equal(again.claim('local/default/web').address, first)
    assert.notEqual(again.claim('local/default/other').address, first)
  }))

test('AddressBook.release frees the address and the ports', () =>
  withFile((file) => {
    const book = new AddressBook(file, CIDR)
    const { address } = book.claim('a/b/c')
    book.setHostPorts('a/b/c', { '80/TCP': 20_000 })
    assert.equal(book.usesPort(20_000), true)
    book.release('a/b/c')
    assert.equal(book.usesPort(20_000), false)
    assert.equal(book.claim('d/e/f').address, address)
  }))

test('AddressBook.setHostPorts refuses a port that another service holds', () =>
  withFile((file) => {
    const book = new AddressBook(file, CIDR)
    book.claim('a/b/c')
    book.claim('d/e/f')
    book.setHostPorts('a/b/c', { '80/TCP': 20_000 })
    book.setHostPorts('a/b/c', { '80/TCP': 20_000, '81/TCP': 20_001 })
    assert.throws(() => book.setHostPorts('d/e/f', { '80/TCP': 20_001 }), /held by a\/b\/c/)
  }))

test('AddressBook.claim says so when no address is left', () =>
  withFile((file) => {
    const book = new AddressBook(file, CIDR)
    for (let i = 0; i < 254; i++) book.claim(`a/b/${i}`)
    assert.throws(() => book.claim('a/b/more'), AddressesExhausted)
  }))

test('AddressBook refuses a file of a newer version', () =>
  withFile((file) => {
    writeFileSync(file, '{"version":2,"holdings":{}}')
    assert.throws(() => new AddressBook(file, CIDR), /newer ccs/)
  }))

test('AddressBook moves services out of a block that it no longer has, and keeps their ports', () =>
  withFile((file) => {
    const before = new AddressBook(file, '10.127.1.0/24')
    before.claim('a/b/c')
    before.setHostPorts('a/b/c', { '80/TCP': 20_000 })
    assert.equal(AddressBook.blockOf(file), '10.127.1.0/24')
    const after = new AddressBook(file, '10.127.2.0/24')
    assert.deepEqual(after.get('a/b/c'), {
      address: '10.127.2.1',
      hostPorts: { '80/TCP': 20_000 },
    })
    assert.equal(AddressBook.blockOf(file), '10.127.2.0/24')
  }))
