// What the console's operations do, asked of the standalone broker by Jolokia, as the console does it.
import assert from 'node:assert/strict'
import {ask, job, run, until} from './hub.mjs'

const {CONSOLE_PORT, ADMIN_PASSWORD} = process.env
const CONSOLE = `http://127.0.0.1:${CONSOLE_PORT}`
const CONNECTOR = 'egression.connector.http-connector'
const LETTERS = 'egression.dead-letter'

async function jolokia(request) {
  const answer = await fetch(`${CONSOLE}/console/jolokia/`, {
    method: 'POST',
    headers: {
      origin: CONSOLE,
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`,
    },
    body: JSON.stringify(request),
  })
  const text = await answer.text()
  assert.ok(answer.ok, `Jolokia: ${answer.status} ${text}`)
  const {status, value, error} = JSON.parse(text)
  assert.equal(status, 200, `${JSON.stringify(request)}: ${error}`)
  return value
}

const mbean = queue =>
  'org.apache.activemq.artemis:broker="egression",component=addresses,subcomponent=queues,' +
  `routing-type="anycast",address="${queue}",queue="${queue}"`
const operate = (queue, operation, ...args) => jolokia({type: 'exec', mbean: mbean(queue), operation, arguments: args})
const browse = queue => operate(queue, 'browse(int,int)', 1, 200)

async function submit(name, more) {
  const body = JSON.stringify({...job(name, 1), partitionKey: name, ...more})
  const answer = await ask('/v1/jobs', {method: 'POST', headers: {'content-type': 'application/json'}, body})
  return answer.jobs[0].id
}

const state = (id, wanted) =>
  until(`${id} is ${wanted}`, () => ask(`/v1/jobs/${id}`), answer => answer.state === wanted)
const inQueue = (queue, property, id) =>
  until(`${id} is in ${queue}`, async () =>
    (await browse(queue)).find(each => each.StringProperties[property] === id), Boolean)

const operations = {
  async 'pause, browse and resume'() {
    await operate(CONNECTOR, 'pause()')
    const id = await submit('paused')
    const {StringProperties: texts, IntProperties: numbers} = await inQueue(CONNECTOR, 'firstJob', id)
    assert.equal(texts.account, 'sample-shop/webshop')
    assert.equal(texts.partition, 'paused')
    assert.ok(texts.run && numbers.jobs >= 1 && numbers.attempt >= 1, JSON.stringify([texts, numbers]))
    const waiting = await ask(`/v1/jobs/${id}`)
    assert.equal(waiting.attempts.length, 0)
    assert.notEqual(waiting.state, 'delivered')
    await until('the pause is shown', () => ask(`/v1/jobs/${id}`), answer => answer.waitsFor.text.includes(`${CONNECTOR} is paused`))
    await operate(CONNECTOR, 'resume()')
    await state(id, 'delivered')
  },
  async 'purge: the run is sent again'() {
    await operate(CONNECTOR, 'pause()')
    const id = await submit('purged')
    await inQueue(CONNECTOR, 'firstJob', id)
    await operate(CONNECTOR, 'removeAllMessages()')
    await inQueue(CONNECTOR, 'firstJob', id)
    await operate(CONNECTOR, 'resume()')
    assert.equal((await state(id, 'delivered')).attempts.length, 1)
  },
  async 'move of a run: delivered all the same, once'() {
    await operate(CONNECTOR, 'pause()')
    const id = await submit('moved')
    const {messageID} = await inQueue(CONNECTOR, 'firstJob', id)
    assert.ok(await operate(CONNECTOR, 'moveMessage(long,java.lang.String)', Number(messageID), LETTERS))
    await operate(CONNECTOR, 'resume()')
    assert.equal((await state(id, 'delivered')).attempts.length, 1)
  },
  async 'retry, move and remove of dead letters'() {
    const dead = async name => {
      const id = await submit(name, {action: 'update'}) // of an object that nobody has
      await state(id, 'dead')
      return [id, Number((await inQueue(LETTERS, 'job', id)).messageID)]
    }
    const replayed = id =>
      until(`${id} is replayed`, () => ask(`/v1/jobs/${id}`), answer =>
        answer.timeline.some(each => each.what === 'replayed' && each.actor === "the broker's console"))
    const [retried, first] = await dead('retried')
    assert.equal(await operate(LETTERS, 'retryMessage(long)', first), true)
    await replayed(retried)
    const [moved, second] = await dead('letter-moved')
    assert.equal(await operate(LETTERS, 'moveMessage(long,java.lang.String)', second, CONNECTOR), true)
    await replayed(moved)
    const [removed, third] = await dead('removed')
    assert.equal(await operate(LETTERS, 'removeMessage(long)', third), true)
    const after = await ask(`/v1/jobs/${removed}`)
    assert.equal(after.state, 'dead')
    assert.ok(!after.timeline.some(each => each.what === 'replayed'))
  },
  async 'send to the intake'() {
    await operate(
      'egression.jobs',
      'sendMessage(java.util.Map,int,java.lang.String,boolean,java.lang.String,java.lang.String)',
      {}, 3, JSON.stringify(job('sent', 1)), true, 'admin', ADMIN_PASSWORD,
    )
    const [{id}] = await until('the sent job', async () => (await ask(`/v1/jobs?object=product/sent-${run}-1`)).jobs,
      jobs => jobs.length === 1)
    await state(id, 'delivered')
  },
}

for (const [name, operation] of Object.entries(operations)) {
  await operation()
  console.log(`console: ${name}`)
}
