import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import openwhisk from 'openwhisk'
import { apihost, drop, eventually, namespace, ow, record, status } from './client.mjs'

const echo = 'function main (args) { return args }'

after(async () => {
  await Promise.all([drop('rules', 'npm-rule'), drop('triggers', 'npm-trigger')])
  await Promise.all([drop('actions', 'npm-package/echo'), drop('actions', 'npm-target')])
  await drop('packages', 'npm-binding')
  await drop('packages', 'npm-package')
})

test('namespaces: the one of the key', async () => {
  assert.deepEqual(await ow.namespaces.list(), [namespace])
})

test('a wrong key is a 401', async () => {
  const stranger = openwhisk({ apihost, api_key: '00000000-0000-4000-8000-000000000000:' + 'x'.repeat(64) })
  await assert.rejects(stranger.actions.list(), status(401))
})

test('packages: parameters of package, binding and action merge', async () => {
  await ow.packages.create({ name: 'npm-package', package: { parameters: [{ key: 'a', value: 'package' }, { key: 'b', value: 'package' }] } })
  await ow.actions.create({ name: 'npm-package/echo', action: echo, params: { c: 'action' } })
  await ow.packages.create({ name: 'npm-binding', package: { binding: { namespace: '_', name: 'npm-package' }, parameters: [{ key: 'b', value: 'binding' }] } })
  const result = await ow.actions.invoke({ name: 'npm-binding/echo', blocking: true, result: true, params: { d: 'call' } })
  assert.deepEqual(result, { a: 'package', b: 'binding', c: 'action', d: 'call' })
})

test('packages: get shows the actions, list the packages', async () => {
  const pkg = await ow.packages.get('npm-package')
  assert.deepEqual(pkg.actions.map(a => a.name), ['echo'])
  const names = (await ow.packages.list({ limit: 200 })).map(p => p.name)
  assert.ok(names.includes('npm-package') && names.includes('npm-binding'))
})

test('packages: one that is not empty is kept', async () => {
  await assert.rejects(ow.packages.delete('npm-package'), status(409))
})

test('triggers: created, listed, and silent without a rule', async () => {
  const trigger = await ow.triggers.create({ name: 'npm-trigger', trigger: { parameters: [{ key: 'from', value: 'trigger' }] } })
  assert.equal(trigger.version, '0.0.1')
  assert.deepEqual(trigger.limits, {})
  assert.ok((await ow.triggers.list({ limit: 200 })).some(t => t.name === 'npm-trigger'))
  await ow.triggers.invoke({ name: 'npm-trigger' })
})

test('rules: a fired trigger runs the action and says so', async () => {
  await ow.actions.create({ name: 'npm-target', action: echo })
  const rule = await ow.rules.create({ name: 'npm-rule', trigger: 'npm-trigger', action: 'npm-target' })
  assert.equal(rule.status, 'active')
  assert.deepEqual(rule.trigger, { path: namespace, name: 'npm-trigger' })
  assert.deepEqual(rule.action, { path: namespace, name: 'npm-target' })
  const { activationId } = await ow.triggers.invoke({ name: 'npm-trigger', params: { n: 1 } })
  const fired = await record(activationId)
  assert.equal(fired.name, 'npm-trigger')
  assert.equal(fired.logs.length, 1)
  const line = JSON.parse(fired.logs[0])
  assert.deepEqual([line.statusCode, line.success, line.rule, line.action], [0, true, `${namespace}/npm-rule`, `${namespace}/npm-target`])
  const ran = await record(line.activationId)
  assert.equal(ran.response.result.n, 1)
  assert.equal(ran.response.result.from, 'trigger')
})

test('rules: a disabled one does not fire', async () => {
  await ow.rules.disable({ name: 'npm-rule' })
  assert.equal((await ow.rules.get('npm-rule')).status, 'inactive')
  const before = (await ow.activations.list({ name: 'npm-target', count: true })).activations
  await ow.triggers.invoke({ name: 'npm-trigger' })
  await ow.rules.enable({ name: 'npm-rule' })
  assert.equal((await ow.rules.get('npm-rule')).status, 'active')
  await ow.triggers.invoke({ name: 'npm-trigger' })
  // The second firing is seen, and only it.
  const after = await eventually(async () => {
    const n = (await ow.activations.list({ name: 'npm-target', count: true })).activations
    return n > before && n
  }, 'an activation after the rule was enabled')
  assert.equal(after, before + 1)
})

test('one name is one entity', async () => {
  await assert.rejects(ow.triggers.create({ name: 'npm-target' }), status(409))
  await assert.rejects(ow.triggers.get('npm-target'), status(409))
})

test('activations: listed newest first, by name, since and count', async () => {
  await ow.actions.invoke({ name: 'npm-target', blocking: true })
  const { activationId, start } = await ow.actions.invoke({ name: 'npm-target', blocking: true })
  await record(activationId)
  const listed = await ow.activations.list({ name: 'npm-target', limit: 200 })
  assert.ok(listed.some(a => a.activationId === activationId))
  assert.ok(listed.every(a => a.name === 'npm-target'))
  assert.ok(listed.every((a, i) => i === 0 || listed[i - 1].start >= a.start))
  const recent = await ow.activations.list({ name: 'npm-target', since: start, docs: true })
  assert.ok(recent.length >= 1 && recent.every(a => a.start >= start && a.response.success))
  const { activations } = await ow.activations.list({ name: 'npm-target', count: true })
  assert.equal(activations, listed.length)
})

test('activations: an unknown one is a 404, a malformed id a 400', async () => {
  await assert.rejects(ow.activations.get('0'.repeat(32)), status(404))
  await assert.rejects(ow.activations.get('zz'), status(400))
})
