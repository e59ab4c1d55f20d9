// What commands ask of the engine about its own files: HTTP on a socket that only its owner can open.
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import path from 'node:path'
import { describeError, type Logger } from '#base/log.ts'
import type { StorageKeys } from '#identity/storage-keys.ts'
import type { EngineAudit } from './engine-audit.ts'
import type { LogicalClusterHost } from './logical-cluster-host.ts'

export interface ControlOptions {
  socket: string
  storageKeys: StorageKeys
  hosts: () => readonly LogicalClusterHost[]
  audit: Pick<EngineAudit, 'problems'>
  authentication: { readonly file: string; readonly fault: string | undefined }
  log: Logger
}

const BODY_BYTES_MAX = 64 * 1024

/** Ends with this status and message. */
class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

type Ask = (options: ControlOptions, body: Record<string, unknown>) => Promise<object>

const ASKS: Record<string, Ask> = {
  '/audit-problems': ({ audit }) => Promise.resolve({ problems: audit.problems() }),
  '/authentication-problems': ({ authentication: { file, fault } }) =>
    Promise.resolve({ problems: fault === undefined ? [] : [`${file} is not used: ${fault}`] }),
  '/backup': backup,
  '/rotate-key': rotateKey,
}

export async function listenForControl(
  options: ControlOptions,
): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    void answer(options, request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    })
  })
  // A process that was killed leaves its socket.
  rmSync(options.socket, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.socket, resolve)
  })
  chmodSync(options.socket, 0o600)
  return { close: () => close(server) }
}

async function answer(options: ControlOptions, request: IncomingMessage) {
  try {
    const ask = ASKS[request.url ?? '']
    if (ask === undefined || request.method !== 'POST')
      throw new Refusal(404, `the engine knows no ${request.method} ${request.url}`)
    return { status: 200, body: await ask(options, await readBody(request)) }
  } catch (error) {
    const status = error instanceof Refusal ? error.status : 500
    if (status === 500) options.log.error('a command failed', { url: request.url, error })
    return { status, body: { message: describeError(error) } }
  }
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > BODY_BYTES_MAX) throw new Refusal(413, 'the request is too large')
  }
  return JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>
}

async function backup({ hosts }: ControlOptions, { cluster, file }: Record<string, unknown>) {
  const all = hosts()
  const host = all.find(({ name }) => name === cluster)
  const names = all.map(({ name }) => name).join(', ')
  if (host === undefined)
    throw new Refusal(404, `there is no cluster "${String(cluster)}"; there are: ${names}.`)
  if (typeof file !== 'string' || !path.isAbsolute(file))
    throw new Refusal(400, `"${String(file)}" is no absolute path`)
  await host.backup(file)
  return {}
}

async function rotateKey({ hosts, storageKeys }: ControlOptions) {
  const key = storageKeys.rotate()
  let values = 0
  for (const host of hosts()) values += await host.recode()
  return { key, values }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
