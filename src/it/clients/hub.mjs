// The hub as these programs see it.
import {readFileSync} from 'node:fs'
import assert from 'node:assert/strict'

const {HUB, HUB_KEY_FILE} = process.env
const authorization = `Bearer ${readFileSync(HUB_KEY_FILE, 'utf8').trim()}`
export const run = Date.now().toString(36)

export const job = (client, n) => ({
  subscription: 'sample-shop',
  channel: 'webshop',
  source: client,
  action: 'delete', // needs no object at the Metadata API
  objectType: 'product',
  objectIds: [`${client}-${run}-${n}`],
})

export async function ask(path, options = {}) {
  const answer = await fetch(HUB + path, {...options, headers: {...options.headers, authorization}})
  const text = await answer.text()
  assert.ok(answer.ok, `${path}: ${answer.status} ${text}`)
  return JSON.parse(text)
}

/** Asks until the answer is as it should be, for a minute. */
export async function until(what, question, right) {
  let answer
  for (let tries = 0; tries < 240; tries++) {
    answer = await question()
    if (right(answer)) return answer
    await new Promise(resolve => setTimeout(resolve, 250))
  }
  assert.fail(`${what}: ${JSON.stringify(answer)}`)
}
