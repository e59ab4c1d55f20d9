// Asks the running engine about its own files, on the socket that only the instance's owner can open.
import { request } from 'node:http'
import { EXIT, Failure } from '../failure.ts'
import type { FoundInstance } from '../context.ts'

/** The answer's object. Throws a Failure with what the engine says, or when it does not run. */
export async function askEngine<T>(
  { paths }: FoundInstance,
  path: string,
  body: object,
): Promise<T> {
  const { status, text } = await post(paths.engineSocket, path, JSON.stringify(body))
  const answer = JSON.parse(text) as T & { message?: string }
  if (status === 200) return answer
  throw new Failure(
    answer.message ?? `the engine answered ${status}`,
    status === 404 ? EXIT.notFound : EXIT.failed,
  )
}

function post(socketPath: string, path: string, body: string) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
          ? new Failure("the engine does not run. Start it with 'ccs up'", EXIT.notRunning)
          : error,
      )
    const call = request({ socketPath, path, method: 'POST' }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('error', failed)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    call.on('error', failed)
    call.end(body)
  })
}
