import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { drop, namespace, ow, record, status } from './client.mjs'
import { zip } from './zip.mjs'

const hello = 'function main (args) { console.log("greeting", args.name); return { greeting: "hello " + args.name } }'
const name = 'npm-hello'
const made = new Set([name])
after(() => Promise.all([...made].map(n => drop('actions', n))))

async function create (action, code, more = {}) {
  made.add(action)
  return ow.actions.create({ name: action, action: code, ...more })
}

test('create returns the entity', async () => {
  const action = await create(name, hello, { params: { name: 'world' } })
  assert.equal(action.name, name)
  assert.equal(action.namespace, namespace)
  assert.equal(action.version, '0.0.1')
  assert.equal(action.publish, false)
  assert.match(action.exec.kind, /^nodejs:\d+$/)
  assert.deepEqual(action.parameters, [{ key: 'name', value: 'world' }])
  assert.deepEqual(action.limits, { timeout: 60000, memory: 256, logs: 10, concurrency: 1 })
})

test('create refuses a name that is taken', async () => {
  await assert.rejects(ow.actions.create({ name, action: hello }), status(409))
})

test('a blocking call returns the record', async () => {
  const done = await ow.actions.invoke({ name, blocking: true })
  assert.equal(done.response.status, 'success')
  assert.deepEqual(done.response.result, { greeting: 'hello world' })
  assert.equal(done.name, name)
  assert.equal(done.namespace, namespace)
  assert.match(done.activationId, /^[0-9a-f]{32}$/)
  assert.ok(done.annotations.some(a => a.key === 'path' && a.value === `${namespace}/${name}`))
})

test('a blocking call for the result returns nothing else', async () => {
  const result = await ow.actions.invoke({ name, blocking: true, result: true, params: { name: 'you' } })
  assert.deepEqual(result, { greeting: 'hello you' })
})

test('a non-blocking call can be followed to its record, result and logs', async () => {
  const { activationId } = await ow.actions.invoke({ name, params: { name: 'later' } })
  const done = await record(activationId)
  assert.deepEqual(done.response.result, { greeting: 'hello later' })
  assert.ok(done.end >= done.start)
  assert.equal(done.logs.length, 1)
  assert.match(done.logs[0], /^\d+-\d+-\d+T\d+:\d+:\d+.\d+Z\s+stdout: greeting later$/)
  assert.deepEqual((await ow.activations.logs(activationId)).logs, done.logs)
  const result = await ow.activations.result(activationId)
  assert.deepEqual(result.result, { greeting: 'hello later' })
  assert.equal(result.success, true)
})

test('update bumps the version, keeps what it does not name, and acts at once', async () => {
  const action = await ow.actions.update({ name, action: 'function main (args) { return { bye: args.name } }' })
  assert.equal(action.version, '0.0.2')
  assert.deepEqual(action.parameters, [{ key: 'name', value: 'world' }])
  const result = await ow.actions.invoke({ name, blocking: true, result: true })
  assert.deepEqual(result, { bye: 'world' })
})

test('get returns the code, list does not', async () => {
  const action = await ow.actions.get(name)
  assert.match(action.exec.code, /bye/)
  const listed = (await ow.actions.list({ limit: 200 })).find(a => a.name === name)
  assert.ok(listed)
  assert.equal(listed.exec.code, undefined)
  assert.equal(listed.exec.binary, false)
})

test('list honours limit, skip and count', async () => {
  await create('npm-other', hello)
  const all = await ow.actions.list({ limit: 200 })
  const { actions } = await ow.actions.list({ count: true })
  assert.equal(actions, all.length)
  assert.deepEqual(await ow.actions.list({ limit: 1 }), all.slice(0, 1))
  assert.deepEqual(await ow.actions.list({ skip: 1, limit: 200 }), all.slice(1))
})

test('a zip with a module runs', async () => {
  const archive = zip({
    'package.json': '{"name":"z","main":"main.js"}',
    'main.js': 'const part = require("./part"); exports.main = args => ({ sum: part(args.a, args.b) })',
    'part.js': 'module.exports = (a, b) => a + b'
  })
  await create('npm-zip', archive, { kind: 'nodejs:default' })
  const result = await ow.actions.invoke({ name: 'npm-zip', blocking: true, result: true, params: { a: 2, b: 3 } })
  assert.deepEqual(result, { sum: 5 })
})

test('a promise is awaited', async () => {
  await create('npm-async', 'async function main () { await new Promise(r => setTimeout(r, 50)); return { late: true } }')
  assert.deepEqual(await ow.actions.invoke({ name: 'npm-async', blocking: true, result: true }), { late: true })
})

test('an application error is a 502 with the record', async () => {
  await create('npm-error', 'function main () { return { error: "no such luck", other: 1 } }')
  await assert.rejects(ow.actions.invoke({ name: 'npm-error', blocking: true }), err => {
    status(502)(err)
    assert.equal(err.error.response.status, 'application error')
    assert.deepEqual(err.error.response.result, { error: 'no such luck' })
    return true
  })
})

test('an exception is a developer error', async () => {
  await create('npm-throw', 'function main () { throw new Error("oops") }')
  await assert.rejects(ow.actions.invoke({ name: 'npm-throw', blocking: true }), err => {
    status(502)(err)
    assert.equal(err.error.response.status, 'action developer error')
    assert.match(err.error.response.result.error, /An error has occurred: .*oops/)
    return true
  })
})

test('a sequence hands results on', async () => {
  await create('npm-one', 'function main (args) { return { n: args.n + 1 } }')
  made.add('npm-sequence')
  await ow.actions.create({ name: 'npm-sequence', sequence: ['/_/npm-one', '/_/npm-one', '/_/npm-one'] })
  const done = await ow.actions.invoke({ name: 'npm-sequence', blocking: true, params: { n: 1 } })
  assert.deepEqual(done.response.result, { n: 4 })
  const full = await record(done.activationId)
  assert.equal(full.logs.length, 3)
  for (const id of full.logs) {
    assert.equal((await record(id)).cause, done.activationId)
  }
})

test('what does not exist is a 404', async () => {
  await assert.rejects(ow.actions.get('npm-missing'), status(404))
  await assert.rejects(ow.actions.invoke('npm-missing'), status(404))
  await assert.rejects(ow.actions.delete('npm-missing'), status(404))
})

test('what makes no sense is a 400', async () => {
  await assert.rejects(ow.actions.create({ name: 'npm-bad', action: hello, kind: 'cobol:60' }), status(400))
  await assert.rejects(ow.actions.create({ name: 'npm-bad', action: hello, limits: { timeout: 1 } }), status(400))
  await assert.rejects(ow.actions.create({ name: '$hola', action: hello }), status(400))
})

test('delete returns what it was, once', async () => {
  const gone = await ow.actions.delete(name)
  assert.equal(gone.name, name)
  await assert.rejects(ow.actions.get(name), status(404))
  await assert.rejects(ow.actions.delete(name), status(404))
})
