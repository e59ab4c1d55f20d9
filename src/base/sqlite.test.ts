import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { backupSqlite, inTransaction, openSqlite } from './sqlite.ts'
import { version } from './version.ts'

function scratch(context: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-sqlite-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return path.join(directory, 'deep', 'test.db')
}

const first = 'CREATE TABLE fruit (name TEXT) STRICT'
const second = "ALTER TABLE fruit ADD COLUMN colour TEXT DEFAULT 'green'"

test('openSqlite makes the file for its owner only, with WAL and full durability', (context) => {
  const file = scratch(context)
  const database = openSqlite({ path: file, migrations: [first] })
  const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0]
  assert.equal(pragma('journal_mode'), 'wal')
  assert.equal(pragma('synchronous'), 2)
  assert.equal(pragma('user_version'), 1)
  database.exec("INSERT INTO fruit VALUES ('apple')")
  for (const name of ['', '-wal']) assert.equal(statSync(`${file}${name}`).mode & 0o777, 0o600)
  database.close()
})

test('openSqlite runs the migrations that a file lacks, and only those', (context) => {
  const file = scratch(context)
  const old = openSqlite({ path: file, migrations: [first] })
  old.exec("INSERT INTO fruit VALUES ('apple')")
  old.close()
  const database = openSqlite({ path: file, migrations: [first, second] })
  assert.deepEqual(
    { ...database.prepare('SELECT * FROM fruit').get() },
    {
      name: 'apple',
      colour: 'green',
    },
  )
  database.close()
})

test('openSqlite leaves a file as it was when a migration fails', (context) => {
  const file = scratch(context)
  openSqlite({ path: file, migrations: [first] }).close()
  const broken = [first, second, 'NONSENSE']
  assert.throws(() => openSqlite({ path: file, migrations: broken }), /NONSENSE/)
  const database = openSqlite({ path: file, migrations: [first] })
  assert.equal(
    database.prepare('SELECT count(*) AS n FROM pragma_table_info(?)').get('fruit')!.n,
    1,
  )
  database.close()
})

test('openSqlite refuses a newer file and says who made it and what to do', (context) => {
  const file = scratch(context)
  openSqlite({ path: file, migrations: [first, second] }).close()
  assert.throws(() => openSqlite({ path: file, migrations: [first] }), {
    name: 'DatabaseError',
    problem: 'newer',
    message: new RegExp(`${file} has schema version 2, made by ccs ${version};.*Run ccs .* backup`),
  })
})

test('openSqlite refuses a newer file of an unknown program', (context) => {
  const file = scratch(context)
  openSqlite({ path: file, migrations: [] }).close()
  const other = new DatabaseSync(file)
  other.exec('PRAGMA user_version = 9')
  other.close()
  assert.throws(() => openSqlite({ path: file, migrations: [first] }), /made by an unknown program/)
})

test('openSqlite refuses a file that is no database', (context) => {
  const file = scratch(context)
  openSqlite({ path: file, migrations: [] }).close()
  writeFileSync(file, 'not a database, but long enough to be one'.repeat(200))
  assert.throws(() => openSqlite({ path: file, migrations: [first] }), {
    problem: 'corrupt',
    message: new RegExp(`${file} is no database\\. Move it away`),
  })
})

test('openSqlite refuses a database that was cut short', (context) => {
  const file = scratch(context)
  const database = openSqlite({ path: file, migrations: [first] })
  database.exec('INSERT INTO fruit VALUES (hex(zeroblob(50000)))')
  database.close()
  truncateSync(file, 2 * 4096)
  assert.throws(() => openSqlite({ path: file, migrations: [first, second] }), {
    problem: 'corrupt',
  })
})

test('openSqlite refuses an exclusive file that is open already', (context) => {
  const file = scratch(context)
  const options = { path: file, migrations: [first], exclusive: true, busyTimeoutMs: 0 }
  const database = openSqlite(options)
  assert.throws(() => openSqlite(options), { problem: 'in-use' })
  database.close()
  openSqlite(options).close()
})

test('openSqlite says where the directory cannot be made', (context) => {
  const file = scratch(context)
  openSqlite({ path: file, migrations: [] }).close()
  const inside = path.join(file, 'x.db')
  assert.throws(() => openSqlite({ path: inside, migrations: [] }), new RegExp(file))
})

test('inTransaction undoes everything when its work fails', (context) => {
  const database = openSqlite({ path: scratch(context), migrations: [first] })
  assert.throws(
    () =>
      inTransaction(database, () => {
        database.exec("INSERT INTO fruit VALUES ('apple')")
        throw new Error('changed my mind')
      }),
    /changed my mind/,
  )
  assert.equal(database.isTransaction, false)
  assert.equal(database.prepare('SELECT count(*) AS n FROM fruit').get()!.n, 0)
  database.close()
})

test('backupSqlite copies an open database, and nothing partial is left', async (context) => {
  const file = scratch(context)
  const database = openSqlite({ path: file, migrations: [first], exclusive: true })
  database.exec("INSERT INTO fruit VALUES ('apple')")
  const copy = path.join(path.dirname(file), 'copy.db')
  await backupSqlite(database, copy)
  database.close()
  const names = readdirSync(path.dirname(file)).filter((name) => name.includes('copy'))
  assert.deepEqual(names, ['copy.db'])
  const restored = openSqlite({ path: copy, migrations: [first] })
  assert.equal(restored.prepare('SELECT name FROM fruit').get()!.name, 'apple')
  restored.close()
})

test('backupSqlite begins again when it met a write that was not done', async (context) => {
  const file = scratch(context)
  const database = openSqlite({ path: file, migrations: [first] })
  database.exec("BEGIN IMMEDIATE; INSERT INTO fruit VALUES ('apple')")
  const copying = backupSqlite(database, `${file}.copy`)
  setImmediate(() => database.exec('COMMIT'))
  await copying
  const copy = openSqlite({ path: `${file}.copy`, migrations: [first] })
  assert.deepEqual({ ...copy.prepare('SELECT * FROM fruit').get() }, { name: 'apple' })
  copy.close()
  database.close()
})
