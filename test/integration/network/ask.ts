// Asks a service from the namespace it is started in; prints a JSON array of answers or error codes.
//   node ask.ts tcp|udp ADDRESS PORT TIMES [SOURCE PORT]
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'

const TIMEOUT_MS = 2_000
const [protocol, address] = process.argv.slice(2, 4) as ['tcp' | 'udp', string]
const [port, times, sourcePort = 0] = process.argv.slice(4).map(Number) as [number, number, number?]

function askTcp(): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ host: address, port })
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('timed out')))
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.on('end', () => resolve(text))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

function askUdp(): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const timer = setTimeout(() => finish('timed out'), TIMEOUT_MS)
    const finish = (text: string) => {
      clearTimeout(timer)
      socket.close()
      resolve(text)
    }
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message))
    // A reply from another address than the one asked must not count: connected sockets drop it.
    socket.on('message', (message) => finish(message.toString()))
    socket.bind(sourcePort, () =>
      socket.connect(port, address, () => socket.send(Buffer.from('?'))),
    )
  })
}

const answers: string[] = []
for (let i = 0; i < times; i++) answers.push(await (protocol === 'tcp' ? askTcp() : askUdp()))
process.stdout.write(JSON.stringify(answers))
