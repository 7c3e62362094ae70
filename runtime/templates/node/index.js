// Serves function/handler.js on port 3000, behind the watchdog.
'use strict'

const http = require('node:http')
const handler = require('./function/handler')

const maxBody = Number(process.env.MAX_RAW_SIZE) || 100 << 20 // bytes

// Context is what a handler answers with.
class Context {
  constructor() {
    this.value = undefined
    this.error = undefined
    this.done = false
    this.statusCode = 200
    this.headerValues = {}
  }

  // status sets the status, or returns it.
  status(code) {
    if (code === undefined) return this.statusCode
    this.statusCode = code
    return this
  }

  // headers sets the headers, or returns them.
  headers(values) {
    if (values === undefined) return this.headerValues
    this.headerValues = values
    return this
  }

  succeed(value) {
    this.done = true
    this.value = value
    return this
  }

  fail(error) {
    this.done = true
    this.error = error === undefined ? new Error('the function failed') : error
    if (this.statusCode === 200) this.statusCode = 500
    return this
  }
}

async function read(request) {
  const parts = []
  let size = 0
  for await (const part of request) {
    size += part.length
    if (size > maxBody) throw Object.assign(new Error('the request is too large'), { status: 413 })
    parts.push(part)
  }
  return Buffer.concat(parts)
}

// parse makes of a body what its type says: an object, text, or bytes.
function parse(raw, type) {
  if (process.env.RAW_BODY === 'true') return raw
  if (/^application\/(.+\+)?json\b/.test(type)) {
    try {
      return raw.length === 0 ? {} : JSON.parse(raw)
    } catch (e) {
      throw Object.assign(e, { status: 400 })
    }
  }
  if (type === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(raw.toString()))
  return type === '' || type.startsWith('text/') ? raw.toString() : raw
}

async function serve(request, response) {
  const url = new URL(request.url, 'http://function')
  const body = parse(await read(request), (request.headers['content-type'] || '').split(';')[0].trim())
  const event = { body, headers: request.headers, method: request.method, query: Object.fromEntries(url.searchParams), path: url.pathname }
  const context = new Context()
  await new Promise((resolve, reject) => {
    const callback = (error, value) => {
      if (error) context.fail(error)
      else context.succeed(value)
      resolve()
    }
    Promise.resolve(handler(event, context, callback)).then((value) => {
      if (!context.done && (handler.length < 3 || value !== undefined)) context.succeed(value)
      if (context.done) resolve() // otherwise the handler calls back
    }, reject)
  })
  if (context.error !== undefined) throw Object.assign(new Error(text(context.error)), { status: context.statusCode })
  send(response, context.statusCode, context.headerValues, context.value)
}

function text(error) {
  if (error instanceof Error) return error.stack || error.message
  return typeof error === 'string' ? error : JSON.stringify(error)
}

function send(response, status, headers, value) {
  const all = Object.fromEntries(Object.entries(headers).map(([name, v]) => [name.toLowerCase(), v]))
  let body = value
  if (value === undefined || value === null) {
    body = ''
  } else if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
    body = JSON.stringify(value)
    all['content-type'] ??= 'application/json; charset=utf-8'
  }
  response.writeHead(status, { ...all, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

const server = http.createServer((request, response) => {
  serve(request, response).catch((error) => {
    const status = error.status || 500
    if (status === 500) console.error(error)
    send(response, status, { 'content-type': 'text/plain; charset=utf-8' }, error.status ? error.message : text(error))
  })
})
server.keepAliveTimeout = 600_000 // longer than that of the watchdog
server.listen(Number(process.env.http_port) || 3000, '127.0.0.1')
process.on('SIGTERM', () => server.close(() => process.exit(0)))
