// Stands for a pod: says its name, and whom it sees asking, over TCP and UDP.
//   node pod-server.ts NAME PORT
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const [name, port] = [process.argv[2], Number(process.argv[3])]

const tcp = createServer((socket) => {
  socket.on('error', () => socket.destroy())
  socket.end(`${name} ${socket.remoteAddress}`)
})
tcp.listen(port, '0.0.0.0')
const udp = createSocket('udp4')
udp.on('message', (_, from) => udp.send(`${name} ${from.address}`, from.port, from.address))
udp.bind(port, '0.0.0.0')
await Promise.all([once(tcp, 'listening'), once(udp, 'listening')])
process.stdout.write('ready\n')
// Ends with its parent, whatever way that ends.
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
