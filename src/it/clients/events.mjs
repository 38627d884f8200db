// A listener that knows only AMQP and CloudEvents hears how a job ends, and may do nothing else.
import assert from 'node:assert/strict'
import rhea from 'rhea'
import {HTTP} from 'cloudevents'
import {ask, job} from './hub.mjs'

const {BROKER_PORT, LISTENER_PASSWORD} = process.env
const connect = () =>
  rhea.create_container().connect({
    host: '127.0.0.1', port: Number(BROKER_PORT), username: 'listener', password: LISTENER_PASSWORD, reconnect: false,
  })

const listening = connect()
const heard = new Map()
listening.on('message', ({message}) => {
  const event = HTTP.toEvent({headers: {'content-type': 'application/cloudevents+json'}, body: message.body})
  heard.set(event.subject, {event, properties: message.application_properties})
})
await new Promise((resolve, reject) => {
  listening.once('receiver_open', resolve)
  for (const each of ['connection_error', 'receiver_error', 'disconnected']) listening.once(each, () => reject(new Error(each)))
  listening.open_receiver({source: {address: 'egression.events', capabilities: ['topic']}})
})

const {jobs: [{id}]} = await ask('/v1/jobs', {
  method: 'POST',
  headers: {'content-type': 'application/json'},
  body: JSON.stringify({...job('events', 1), correlationId: 'order 7'}),
})
for (let tries = 0; !heard.has(id) && tries < 240; tries++) await new Promise(resolve => setTimeout(resolve, 250))
const {event, properties} = heard.get(id) ?? assert.fail(`no event for ${id}`)
assert.equal(event.type, 'io.egression.job.delivered')
assert.equal(event.source, 'urn:egression:sample-shop')
assert.equal(event.correlationid, 'order 7')
assert.equal(event.data.state, 'delivered')
assert.equal(properties.channel, 'webshop')
listening.removeAllListeners('disconnected')
listening.close()
console.log('events: the end of a job was heard over AMQP')

for (const address of ['egression.jobs', 'egression.events']) {
  await new Promise((resolve, reject) => {
    const connection = connect()
    const refused = () => (connection.removeAllListeners(), connection.on('error', () => {}), connection.close(), resolve())
    for (const each of ['connection_error', 'sender_error', 'disconnected']) connection.once(each, refused)
    connection.once('sendable', () => reject(new Error(`a listener may send to ${address}`)))
    connection.open_sender(address)
  })
}
console.log('refused: a listener that sends')
