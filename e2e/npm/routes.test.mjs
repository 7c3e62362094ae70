// Routes of the API gateway, as programs make them.
import test from 'node:test'
import assert from 'node:assert/strict'
import { apihost, drop, namespace, ow } from './client.mjs'

test('a route leads to its web action', async () => {
  await ow.actions.update({
    name: 'shelf',
    action: 'function main (args) { return { books: [], id: args.id, color: args.color } }',
    annotations: { 'web-export': true }
  })
  try {
    const made = await ow.routes.create({ action: 'shelf', basepath: '/shop', relpath: '/books/{id}', operation: 'GET' })
    assert.equal(made.gwApiActivated, true)
    assert.equal(made.apidoc.basePath, '/shop')
    assert.equal(made.apidoc.paths['/books/{id}'].get['x-openwhisk'].action, 'shelf')

    const want = { books: [], id: '7', color: 'red' }
    for (const url of [`${made.gwApiUrl}/books/7?color=red`, `${apihost}/api/${namespace}/shop/books/7?color=red`]) {
      const answer = await fetch(url)
      assert.equal(answer.status, 200, url)
      assert.deepEqual(await answer.json(), want)
    }
    const { apis } = await ow.routes.get({ basepath: '/shop' })
    assert.equal(apis.length, 1)
    assert.deepEqual(apis[0].value.apidoc, made.apidoc)

    await ow.routes.delete({ basepath: '/shop' })
    assert.deepEqual((await ow.routes.list()).apis, [])
    assert.equal((await fetch(`${made.gwApiUrl}/books/7`)).status, 404)
    await assert.rejects(ow.routes.delete({ basepath: '/shop' }), /does not exist/)
  } finally {
    await drop('actions', 'shelf')
  }
})
