import { encode, type RecordType } from 'dns-packet'

export const encodeDnsQuery = (name: string, type: RecordType): Buffer =>
  encode({ type: 'query', id: 7, flags: 256, questions: [{ type, name }] })
