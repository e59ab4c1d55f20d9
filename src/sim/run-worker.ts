// A thread of `npm run sim -- --jobs N`: runs the seeds it is given, one after the other.
import { parentPort, workerData } from 'node:worker_threads'
import { runSimulation, type SimulationOptions } from './simulation.ts'

if (parentPort === null) throw new Error('this file is run as a worker thread only')
const port = parentPort
const options = workerData as Omit<SimulationOptions, 'seed'>

port.on('message', (seed: number) => {
  void runSimulation({ ...options, seed }).then((result) => port.postMessage(result))
})
