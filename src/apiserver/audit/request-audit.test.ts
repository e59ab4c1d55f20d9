import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ApiRequest } from '#base/api-call.ts'
import { rfc3339Micro } from '#base/clock.ts'
import { badRequest, notFound } from '#base/errors.ts'
import { fakeClock } from '#base/fake-clock.ts'
import { seededRandom } from '#base/random.ts'
import type { AuditEvent, AuditLevel } from '#kinds/k8s/audit.ts'
import type { Call } from '../context.ts'
import { readRequest } from '../request-info.ts'
import { auditIdOf } from './audit-id.ts'
import { auditLimits } from './audit-limits.ts'
import { createAuditor } from './auditor.ts'
import { loggedUri } from './request-uri.ts'
import { sourceAddresses } from './source-addresses.ts'
import { timeText } from './time-text.ts'

const ANN = { username: 'ann', groups: ['system:authenticated'] }

interface Asked {
  method?: ApiRequest['method']
  url?: string
  level?: AuditLevel
  body?: unknown
  omitManagedFields?: boolean
}

/** As the log has it. */
const written = (event: AuditEvent) => JSON.parse(JSON.stringify(event)) as AuditEvent

/** A request of Ann that is audited at a level; what is done to it is the test's. */
function audited(asked: Asked) {
  const { method = 'GET', url = '/api/v1/namespaces/a/pods/x', level = 'Metadata', body } = asked
  const clock = fakeClock()
  const events: AuditEvent[] = []
  const sink = { write: (event: AuditEvent) => void events.push(written(event)), room() {} }
  const { omitManagedFields = false } = asked
  const auditor = createAuditor(
    { clock, random: seededRandom(1) },
    { policy: () => ({ rules: [{ level, omitManagedFields }] }), sink: sink as never },
  )
  const [path = '', query = ''] = url.split('?')
  const line = { method, path, query: new URLSearchParams(query) }
  const headers = { 'user-agent': 'kubectl/v1.36', authorization: 'Bearer top-secret' }
  const arrival = {
    auditId: 'the-id',
    receivedAt: clock.now(),
    uri: url,
    headers,
    remote: '::ffff:10.0.0.9',
  }
  const request =
    body === undefined ? line : { ...line, body: { type: 'value' as const, value: body } }
  const call: Call = { user: ANN, request, warnings: [] }
  const info = readRequest(line)
  const begin = () => {
    const audit = auditor.begin(arrival, ANN, info)
    assert.ok(audit)
    return audit
  }
  return { auditor, arrival, info, events, call, begin, clock }
}

describe('RequestAudit', () => {
  it('says who did what, from where, when and with what outcome', async () => {
    const { events, call, begin, clock } = audited({ method: 'DELETE' })
    const audit = begin()
    audit.received()
    audit.asked(call)
    call.decision = { allowed: true, reason: 'RBAC: allowed' }
    await clock.advance(250)
    audit.answered({ type: 'object', status: 200, object: { kind: 'Pod' } })
    audit.ended(200)
    audit.ended(200)
    const [received, complete] = events
    assert.equal(events.length, 2)
    assert.equal(received?.stage, 'RequestReceived')
    assert.equal(received?.responseStatus, undefined)
    const receivedAt = new Date(clock.now() - 250).toISOString().replace('Z', '000Z')
    assert.deepEqual(complete, {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: 'the-id',
      stage: 'ResponseComplete',
      requestURI: '/api/v1/namespaces/a/pods/x',
      verb: 'delete',
      user: ANN,
      sourceIPs: ['10.0.0.9'],
      userAgent: 'kubectl/v1.36',
      objectRef: { resource: 'pods', namespace: 'a', name: 'x', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 200 },
      requestReceivedTimestamp: receivedAt,
      stageTimestamp: new Date(clock.now()).toISOString().replace('Z', '000Z'),
      annotations: {
        'authorization.k8s.io/decision': 'allow',
        'authorization.k8s.io/reason': 'RBAC: allowed',
      },
    })
  })

  it('has the Status of a refusal, and the user that was acted as', () => {
    const { events, call, begin } = audited({})
    const audit = begin()
    audit.impersonated({ username: 'bob', groups: [] })
    call.decision = { allowed: false, reason: '' }
    audit.asked(call)
    audit.failed(notFound({ group: '', resource: 'pods' }, 'x'), false)
    audit.ended(404)
    assert.deepEqual(events[0]?.impersonatedUser, { username: 'bob', groups: [] })
    assert.deepEqual(events[0]?.responseStatus, {
      metadata: {},
      status: 'Failure',
      message: 'pods "x" not found',
      reason: 'NotFound',
      details: { name: 'x', kind: 'pods' },
      code: 404,
    })
    assert.equal(events[0]?.annotations?.['authorization.k8s.io/decision'], 'forbid')
  })

  it('tells the begin of what lasts, once, and its end', () => {
    for (const url of ['/api/v1/pods?watch=true', '/api/v1/namespaces/a/pods/x/exec?command=ls']) {
      const { events, begin } = audited({ url })
      const audit = begin()
      audit.started(101)
      audit.started(101)
      audit.ended(101)
      const stages = events.map(({ stage, responseStatus }) => [stage, responseStatus?.code])
      assert.deepEqual(stages, [
        ['ResponseStarted', 101],
        ['ResponseComplete', 101],
      ])
    }
  })

  it('tells of clients that went before there was an answer', () => {
    const short = audited({})
    short.begin().ended(undefined)
    assert.equal(short.events[0]?.responseStatus?.message, 'Connection closed early')
    const long = audited({ url: '/api/v1/pods?watch=true' })
    long.begin().ended(undefined)
    assert.deepEqual(
      long.events.map(({ stage }) => stage),
      ['ResponseStarted', 'ResponseComplete'],
    )
  })

  it('calls what nobody foresaw a panic', () => {
    const { events, begin } = audited({})
    const audit = begin()
    audit.failed(badRequest('x'), true)
    audit.ended(500)
    assert.equal(events[0]?.stage, 'Panic')
  })

  it('has bodies as the level says, as they were sent, without managed fields where those are not wanted', () => {
    const sent = { metadata: { name: 'x', managedFields: [{}] }, data: { a: '1' } }
    const made = { kind: 'ConfigMap', metadata: { name: 'x', managedFields: [{}], uid: 'u' } }
    const eventOf = (level: AuditLevel, omitManagedFields: boolean) => {
      const body = structuredClone(sent)
      const url = '/api/v1/namespaces/a/configmaps'
      const { events, call, begin } = audited({
        method: 'POST',
        url,
        level,
        body,
        omitManagedFields,
      })
      const audit = begin()
      audit.asked(call)
      body.data.a = 'changed while it was answered'
      audit.answered({ type: 'object', status: 201, object: made })
      audit.ended(201)
      return events[0]
    }
    const metadata = eventOf('Metadata', false)
    assert.equal(metadata?.requestObject ?? metadata?.responseObject, undefined)
    assert.equal(metadata?.objectRef?.name, 'x')
    const request = eventOf('Request', false)
    assert.deepEqual([request?.requestObject, request?.responseObject], [sent, undefined])
    const both = eventOf('RequestResponse', true)
    assert.deepEqual(both?.requestObject, { ...sent, metadata: { name: 'x' } })
    assert.deepEqual(both?.responseObject, { ...made, metadata: { name: 'x', uid: 'u' } })
  })

  it('names what the server named', () => {
    const body = { metadata: { generateName: 'x-' } }
    const { events, call, begin } = audited({ method: 'POST', url: '/api/v1/namespaces', body })
    const audit = begin()
    audit.asked(call)
    audit.answered({ type: 'object', status: 201, object: { metadata: { name: 'x-k2p' } } })
    audit.ended(201)
    assert.equal(events[0]?.objectRef?.name, 'x-k2p')
  })

  it('leaves out a body that is too large, and says so', () => {
    const body = { metadata: { name: 'x' }, data: { a: 'x'.repeat(auditLimits.bodyBytesMax) } }
    const asked: Asked = { method: 'PUT', level: 'RequestResponse', body }
    const { events, call, begin } = audited(asked)
    const audit = begin()
    audit.asked(call)
    audit.answered({ type: 'object', status: 200, object: body })
    audit.ended(200)
    assert.equal(events[0]?.requestObject ?? events[0]?.responseObject, undefined)
    assert.equal(events[0]?.annotations?.['audit.k8s.io/truncated'], 'true')
  })

  it('never has a credential, whatever the policy says', () => {
    for (const [method, url] of [
      ['PUT', '/api/v1/namespaces/a/secrets/x'],
      ['POST', '/apis/authentication.k8s.io/v1/tokenreviews'],
      ['POST', '/api/v1/namespaces/a/serviceaccounts/x/token'],
    ] as const) {
      const body = { metadata: { name: 'x' }, spec: { token: 'top-secret' }, data: 'top-secret' }
      const { events, call, begin } = audited({ method, url, level: 'RequestResponse', body })
      const audit = begin()
      audit.received()
      audit.asked(call)
      audit.answered({ type: 'object', status: 200, object: body })
      audit.failed(badRequest('cannot read "top-secret"'), false)
      audit.ended(400)
      assert.equal(events.length, 2)
      assert.equal(events[1]?.level, 'Metadata')
      assert.equal(events[1]?.responseStatus?.reason, 'BadRequest')
      assert.ok(!JSON.stringify(events).includes('top-secret'), url)
    }
  })

  it('logs once who could not be authenticated, with what they tried', () => {
    const { auditor, arrival, info, events } = audited({})
    auditor.refused(arrival, info, 401)
    assert.deepEqual(events[0]?.user, {})
    assert.deepEqual(
      events.map(({ stage, responseStatus }) => [stage, responseStatus]),
      [
        [
          'ResponseStarted',
          { metadata: {}, message: 'Authentication failed, attempted: bearer', code: 401 },
        ],
      ],
    )
  })

  it('begins nothing at level None, nor without a policy', () => {
    const { auditor, arrival, info } = audited({ level: 'None' })
    assert.equal(auditor.begin(arrival, ANN, info), undefined)
    const clock = fakeClock()
    const none = createAuditor({ clock, random: seededRandom(1) }, undefined)
    assert.equal(none.begin(arrival, ANN, info), undefined)
  })
})

describe('auditIdOf', () => {
  const random = { ...seededRandom(1), uuid: () => 'made' }
  it('takes over what a client gives, unless it could do harm', () => {
    assert.equal(auditIdOf('5f3c2d10-aaaa', random), '5f3c2d10-aaaa')
    for (const given of [undefined, '', 'a b', 'x'.repeat(65), 'a\u0007', ['a', 'b']])
      assert.equal(auditIdOf(given, random), 'made')
  })
})

describe('loggedUri', () => {
  it('keeps what was asked and hides credentials', () => {
    const same = '/api/v1/pods?watch=true&continue=abc&labelSelector=token%3Dx&command=a%20b'
    assert.equal(loggedUri(same), same)
    assert.equal(loggedUri('/api?access_token=abc&x=1'), '/api?access_token=REDACTED&x=1')
    assert.equal(loggedUri('/api?x=1&acc%65ss_Token=a=b'), '/api?x=1&acc%65ss_Token=REDACTED')
    assert.equal(loggedUri('/a/proxy/?api_key=k&token'), '/a/proxy/?api_key=REDACTED&token')
  })
})

describe('sourceAddresses', () => {
  it('ends with who is connected', () => {
    const forwarded = { 'x-forwarded-for': '1.2.3.4, unknown, 5.6.7.8', 'x-real-ip': '5.6.7.8' }
    assert.deepEqual(sourceAddresses({}, '::ffff:1.1.1.1'), ['1.1.1.1'])
    assert.deepEqual(sourceAddresses({}, '::1'), ['::1'])
    assert.deepEqual(sourceAddresses(forwarded, '9.9.9.9'), ['1.2.3.4', '5.6.7.8', '9.9.9.9'])
    assert.deepEqual(sourceAddresses({ 'x-forwarded-for': '9.9.9.9' }, '9.9.9.9'), ['9.9.9.9'])
  })
})

describe('timeText', () => {
  it('says what rfc3339Micro says, from whichever second to whichever', () => {
    for (const ms of [0, 7, 999, 1_000, 1_790_000_000_042, 59, 1_790_000_000_999.5, -1])
      assert.equal(timeText(ms), rfc3339Micro(ms), String(ms))
  })
})
