// Each client hands over deletes of products under one partition key. What counts is what the hub then says: all
// delivered, one after another, in the order in which the client sent them.
import {execFileSync} from 'node:child_process'
import assert from 'node:assert/strict'
import mqtt from 'mqtt'
import rhea from 'rhea'
import stompit from 'stompit'
import {CloudEvent, HTTP} from 'cloudevents'
import {ask, job, run} from './hub.mjs'

const {BROKER_PORT, PRODUCER_PASSWORD, ARTEMIS} = process.env
const JOBS = 20

const event = (client, n, more) =>
  new CloudEvent({
    id: `${run}-${n}`,
    source: `/${client}`,
    type: 'com.example.product.deleted',
    subject: `product/${client}-${run}-${n}`,
    subscription: 'sample-shop',
    channel: 'webshop',
    ...more,
  })

function amqp(send) {
  return new Promise((resolve, reject) => {
    const connection = rhea.create_container().connect({
      host: '127.0.0.1',
      port: Number(BROKER_PORT),
      username: 'producer',
      password: PRODUCER_PASSWORD,
      reconnect: false,
    })
    const fail = context => reject(new Error(`AMQP: ${context.error ?? context.connection?.error}`))
    connection.on('disconnected', fail)
    connection.on('connection_error', fail)
    connection.on('sender_error', fail)
    connection.on('rejected', fail)
    let accepted = 0
    connection.on('accepted', () => {
      if (++accepted === JOBS) {
        connection.removeAllListeners('disconnected')
        connection.close()
        resolve()
      }
    })
    connection.once('sendable', context => {
      for (let n = 1; n <= JOBS; n++) context.sender.send(send(n))
    })
    connection.open_sender('egression.jobs')
  })
}

const clients = {
  // The broker's own command line: all messages of a process are alike, so there is a process for each.
  artemis() {
    for (let n = 1; n <= 3; n++) {
      execFileSync(ARTEMIS, [
        'producer', '--url', `tcp://127.0.0.1:${BROKER_PORT}`, '--user', 'producer', '--password', PRODUCER_PASSWORD,
        '--destination', 'queue://egression.jobs', '--message-count', '1', '--message', JSON.stringify(job('artemis', n)),
        '--properties', '[{"type": "string", "key": "JMSXGroupID", "value": "artemis"}]',
      ], {stdio: 'pipe'})
    }
    return 3
  },
  async rhea() {
    await amqp(n => ({group_id: 'rhea', durable: true, body: JSON.stringify(job('rhea', n))}))
    return JOBS
  },
  // With ids, and as somebody else: who sent a message is not for the sender to say.
  async 'rhea-with-ids'() {
    const uuid = n => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
    const message = n => ({
      group_id: 'rhea-with-ids',
      durable: true,
      message_id: n % 2 ? uuid(n) : rhea.types.wrap_uuid(Buffer.from(uuid(n).replaceAll('-', ''), 'hex')),
      user_id: Buffer.from('erp'),
      application_properties: {_AMQ_VALIDATED_USER: 'erp', EgressionUser: 'erp'},
      // as a text and as bytes
      body: n % 3 ? JSON.stringify(job('rhea-with-ids', n)) : rhea.message.data_section(Buffer.from(JSON.stringify(job('rhea-with-ids', n)))),
    })
    await amqp(message)
    await amqp(message) // the same message twice is one job
    return JOBS
  },
  // Artemis notes of a number as the body less than of other bodies.
  async 'rhea-number'() {
    await amqp(n => ({
      group_id: 'rhea-number',
      durable: true,
      message_id: `00000000-0000-4000-9000-${String(n).padStart(12, '0')}`,
      application_properties: {
        _AMQ_VALIDATED_USER: 'erp',
        ...Object.fromEntries(Object.entries(event('rhea-number', n).toJSON()).map(([name, value]) => [`ce_${name}`, value])),
      },
      body: n,
    }))
    return JOBS
  },
  async 'cloudevents-amqp'() {
    await amqp(n => ({
      group_id: 'cloudevents-amqp',
      durable: true,
      content_type: 'application/cloudevents+json',
      body: JSON.stringify(event('cloudevents-amqp', n)),
    }))
    return JOBS
  },
  // STOMP and MQTT count as the user amqp, whatever the sender writes: their messages have no ids.
  async stomp() {
    const connection = await new Promise((resolve, reject) =>
      stompit.connect(
        {
          host: '127.0.0.1', port: Number(BROKER_PORT),
          connectHeaders: {host: '/', login: 'producer', passcode: PRODUCER_PASSWORD},
        },
        (fault, client) => (fault ? reject(fault) : resolve(client)),
      ))
    for (let n = 1; n <= JOBS; n++) {
      await new Promise((resolve, reject) => {
        const frame = connection.send(
          {destination: 'egression.jobs', persistent: 'true', JMSXGroupID: 'stomp', _AMQ_VALIDATED_USER: 'erp'},
          {onReceipt: resolve, onError: reject},
        )
        frame.end(JSON.stringify(job('stomp', n)))
      })
    }
    connection.disconnect()
    return JOBS
  },
  // MQTT has no groups: the job names its key itself.
  async mqtt() {
    const connection = await mqtt.connectAsync(`mqtt://127.0.0.1:${BROKER_PORT}`, {
      protocolVersion: 5, username: 'producer', password: PRODUCER_PASSWORD, reconnectPeriod: 0,
    })
    for (let n = 1; n <= JOBS; n++) {
      await connection.publishAsync('egression/jobs', JSON.stringify({...job('mqtt', n), partitionKey: 'mqtt'}), {
        qos: 1, properties: {userProperties: {_AMQ_VALIDATED_USER: 'erp'}},
      })
    }
    await connection.endAsync()
    return JOBS
  },
  async 'cloudevents-http'() {
    for (let n = 1; n <= JOBS; n++) {
      const mode = n % 2 ? HTTP.binary : HTTP.structured
      const {headers, body} = mode(event('cloudevents-http', n, {data: {name: 'not looked at'}}))
      await ask('/v1/jobs', {method: 'POST', headers, body})
    }
    return JOBS
  },
}

async function delivered(client, jobs) {
  const found = []
  for (let n = 1; n <= jobs; n++) {
    for (let tries = 0; ; tries++) {
      const list = (await ask(`/v1/jobs?object=product/${client}-${run}-${n}`)).jobs
      assert.ok(list.length <= 1, `${client} ${n} is more than one job`)
      if (list[0]?.state === 'delivered') {
        found.push(await ask(`/v1/jobs/${list[0].id}`))
        break
      }
      assert.ok(tries < 240, `${client} ${n}: ${JSON.stringify(list)}`)
      await new Promise(resolve => setTimeout(resolve, 250))
    }
  }
  // as texts of one length, for fractions of a second differ in theirs
  const starts = found.map(each => {
    const [whole, fraction = ''] = each.attempts.at(-1).startedAt.replace('Z', '').split('.')
    return `${whole}.${fraction.padEnd(9, '0')}`
  })
  assert.deepEqual(starts, [...starts].sort(), `${client}: out of order`)
  return found
}

for (const [client, send] of Object.entries(clients)) {
  const jobs = await delivered(client, await send())
  const keys = [...new Set(jobs.map(each => each.partitionKey))]
  assert.equal(keys.length, 1, `${client}: keys ${keys}`)
  if (client !== 'cloudevents-http') assert.equal(keys[0], client) // HTTP has no group
  console.log(`${client}: ${jobs.length} jobs delivered in order, partition key ${keys[0]}`)
}

// Without credentials, or to another queue, nothing.
for (const [address, password] of [['egression.jobs', 'wrong'], ['egression.dead-letter', PRODUCER_PASSWORD]]) {
  await new Promise((resolve, reject) => {
    const connection = rhea.create_container().connect({
      host: '127.0.0.1', port: Number(BROKER_PORT), username: 'producer', password, reconnect: false,
    })
    const refused = () => (connection.removeAllListeners(), connection.on('error', () => {}), connection.close(), resolve())
    for (const each of ['connection_error', 'sender_error', 'disconnected']) connection.once(each, refused)
    connection.once('sendable', () => reject(new Error(`a producer may send to ${address} with ${password}`)))
    connection.open_sender(address)
  })
}
console.log('refused: a wrong password, and another queue')
