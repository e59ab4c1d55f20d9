// `ccs registry fsck`.
import { patientResponse } from '../patient-response.ts'
import type { Handler } from '../services.ts'
import { fsck } from './fsck.ts'

/** To read every byte may take hours. */
export const runFsck: Handler<'fsck'> = ({ services, request: { query } }) => {
  const wish = { deep: query.get('deep') === 'true', repair: query.get('repair') === 'true' }
  return patientResponse(fsck(services, wish), services.clock)
}
