// The launcher runs a Node.js action as the child of Hearth's proxy.
//
// The first line on stdin says what to load: {"folder", "main", "env"}, and
// "mark" where lines are to say whose they are. The folder holds an unpacked archive, or the source text as the file "exec".
// The next lines are requests, "<number> <JSON>"; answers are lines on file
// descriptor 3, "<number> <status> <JSON>".
'use strict';

const fs = require('fs');
const net = require('net');
const path = require('path');
const vm = require('vm');
const { AsyncLocalStorage } = require('async_hooks');
const { createRequire } = require('module');
const { pathToFileURL } = require('url');
const { Readable } = require('stream');

const ANSWERS = 3;
let folder, main;
const concurrent = process.env.__OW_ALLOW_CONCURRENT === 'true';

// Write everything, in order, before going on: lines and the sentinel behind
// them share one pipe.
for (const stream of [process.stdout, process.stderr]) {
  stream._handle?.setBlocking?.(true);
}

function send(line) {
  const data = Buffer.from(line + '\n');
  for (let sent = 0; sent < data.length;) {
    try {
      sent += fs.writeSync(ANSWERS, data, sent);
    } catch (e) {
      if (e.code !== 'EAGAIN') throw e;
    }
  }
}

// Saying whose a line is

const caller = new AsyncLocalStorage(); // of {prefix, rests} of a request
const outputs = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write.bind(stream) }));
let mark = '';

// attribute has each line of output begin with the mark and the activation
// that prints it. Only whole lines are written, so that those of several
// activations do not mix; what nobody prints stays as it is.
function attribute() {
  outputs.forEach(({ stream, write }, i) => {
    stream.write = (chunk, encoding, done) => {
      const request = caller.getStore();
      if (request === undefined || !(typeof chunk === 'string' || ArrayBuffer.isView(chunk))) {
        return write(chunk, encoding, done);
      }
      if (typeof encoding === 'function') [encoding, done] = [undefined, encoding];
      const bytes = typeof chunk === 'string'
        ? Buffer.from(chunk, encoding)
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      request.rests[i].push(Buffer.from(bytes));
      if (bytes.includes(10)) flush(request, i, write);
      if (done) process.nextTick(done);
      return true;
    };
  });
}

// flush writes the whole lines of a request; with end, the rest too, and
// that there is no more.
function flush(request, i, write, end = false) {
  const text = Buffer.concat(request.rests[i]);
  const pieces = [];
  let start = 0;
  for (let at; (at = text.indexOf(10, start)) >= 0; start = at + 1) {
    pieces.push(request.prefix, text.subarray(start, at + 1));
  }
  request.rests[i] = start < text.length ? [text.subarray(start)] : [];
  if (end) {
    if (start < text.length) pieces.push(request.prefix, text.subarray(start), Buffer.from('\n'));
    request.rests[i] = [];
    pieces.push(request.prefix.subarray(0, -1), Buffer.from('\n'));
  }
  if (pieces.length > 0) write(Buffer.concat(pieces));
}

// within calls f so that its output, and that of all that it starts, is the
// request's.
function within(request, f) {
  return request.prefix ? caller.run(request, f) : f();
}

// Finding the action

async function load(hello) {
  ({ folder, main } = hello);
  if (hello.mark && concurrent) {
    mark = hello.mark;
    attribute();
  }
  Object.assign(process.env, hello.env);
  process.chdir(folder);
  const handler = fs.existsSync('exec') && fs.readdirSync('.').length === 1
    ? await loadSource(fs.readFileSync('exec', 'utf8'))
    : await loadArchive();
  if (typeof handler !== 'function') {
    throw `Action entrypoint '${main}' is not a function.`;
  }
  return handler;
}

async function loadSource(code) {
  const file = path.join(folder, 'exec.js');
  try {
    return loadScript(code, file);
  } catch (e) {
    if (!(e instanceof SyntaxError) || !/^\s*(import|export)\b|\bawait\b/m.test(code)) throw e;
  }
  fs.writeFileSync('exec.mjs', code);
  return member(await import(pathToFileURL(path.join(folder, 'exec.mjs'))), main);
}

// A script declares its entry point, or exports it.
function loadScript(code, file) {
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*(\.[\p{ID_Start}$_][\p{ID_Continue}$]*)*$/u.test(main)) return undefined;
  const root = main.split('.')[0];
  const run = vm.compileFunction(
    `${code}\n;return typeof ${root} === 'undefined' ? undefined : ${main};`,
    ['exports', 'require', 'module', '__filename', '__dirname'],
    { filename: file, importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER });
  const module = { exports: {} };
  const found = run.call(module.exports, module.exports, createRequire(file), module, file, folder);
  return found ?? member({ default: module.exports }, main);
}

// "function" of the package, or "module.function" of one of its files.
async function loadArchive() {
  const dot = main.lastIndexOf('.');
  const require = createRequire(path.join(folder, 'package.json'));
  if (dot > 0) {
    let file;
    try {
      file = require.resolve(path.join(folder, main.slice(0, dot)));
    } catch (e) {
      if (e.code !== 'MODULE_NOT_FOUND') throw e;
    }
    if (file) return member(await import(pathToFileURL(file)), main.slice(dot + 1));
  }
  if (!fs.existsSync('package.json') && !fs.existsSync('index.js') && !fs.existsSync('index.mjs')) {
    throw 'Zipped actions must contain either package.json or index.js at the root.';
  }
  const file = fs.existsSync('package.json') || fs.existsSync('index.js') ? require.resolve(folder) : path.join(folder, 'index.mjs');
  return member(await import(pathToFileURL(file)), main);
}

// The export that a dotted name means: a named one, one of the default export,
// or the default export itself.
function member(module, name) {
  const walk = (from) => name.split('.').reduce((o, key) => o?.[key], from);
  const fallback = name === 'main' && typeof module.default === 'function' ? module.default : undefined;
  return walk(module) ?? walk(module.default) ?? fallback;
}

// Running it

const running = new Map(); // number -> request, of those without an answer
let stopped = false;

function answer(number, status, body) {
  const request = running.get(number);
  if (!running.delete(number)) return;
  if (request.prefix) outputs.forEach(({ write }, i) => flush(request, i, write, true));
  send(`${number} ${status} ${body}`);
}

function fail(number, e) {
  stopped = true;
  within(running.get(number) ?? {}, () => console.error(e));
  answer(number, 502, JSON.stringify({ error: `An error has occurred: ${e}` }));
}

function refuse(number, status) {
  send(`${number} 403 ${JSON.stringify({ error: `System not ready, status is ${status}.` })}`);
}

// What a rejected promise becomes. Errors have nothing enumerable.
function plain(e, seen = new Set()) {
  if (!(e instanceof Error)) return e;
  if (seen.has(e)) return '[Circular]';
  seen.add(e);
  const out = { name: e.name, message: e.message, stack: e.stack };
  for (const key of Object.keys(e)) out[key] = plain(e[key], seen);
  if (e.cause !== undefined) out.cause = plain(e.cause, seen);
  return out;
}

function run(handler, number, { value = {}, ...context }) {
  if (stopped) return refuse(number, 'stopped');
  if (running.size > 0 && !concurrent) return refuse(number, 'running');
  const request = mark ? { prefix: Buffer.from(`${mark} ${context.activation_id} `), rests: [[], []] } : {};
  running.set(number, request);
  return within(request, () => perform(handler, number, value, context));
}

async function perform(handler, number, value, context) {
  for (const [key, text] of Object.entries(context)) {
    process.env[`__OW_${key.toUpperCase()}`] = text;
  }
  let result;
  try {
    result = handler(value);
  } catch (e) {
    return fail(number, e);
  }
  try {
    result = (await result) ?? (result === null ? null : {});
  } catch (e) {
    result = { error: e ? plain(e) : {} };
  }
  let body;
  try {
    body = JSON.stringify(result);
  } catch (e) {
    return fail(number, e);
  }
  if (typeof result !== 'object' || result === null || !/^[{[]/.test(body)) {
    console.error(`Result must be of type object but has type "${typeof result}":`, result);
    return answer(number, 502, JSON.stringify({ error: 'The action did not return a dictionary.' }));
  }
  answer(number, 200, body);
}

// An error that nobody caught belongs to whatever runs.
function uncaught(e) {
  if (running.size === 0) {
    console.error(e);
    return;
  }
  for (const number of [...running.keys()]) fail(number, e);
}

async function begin(hello) {
  let loaded;
  try {
    loaded = await load(hello);
  } catch (e) {
    const text = `Initialization has failed due to: ${e?.stack ?? e}`;
    send(JSON.stringify({ ok: false, error: text }));
    process.exit(1);
  }
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  return loaded;
}

const input = new net.Socket({ fd: 0, readable: true, writable: false });
// The action must not read the requests of others.
Object.defineProperty(process, 'stdin', { value: Readable.from([]), configurable: true });
let handler;
let parts = [];
input.on('data', (chunk) => {
  let start = 0;
  for (let end; (end = chunk.indexOf(10, start)) >= 0; start = end + 1) {
    parts.push(chunk.subarray(start, end));
    const line = (parts.length === 1 ? parts[0] : Buffer.concat(parts)).toString();
    parts = [];
    if (handler === undefined) {
      // No request comes before the acknowledgement.
      handler = null;
      begin(JSON.parse(line)).then((loaded) => { handler = loaded; send('{"ok":true,"frames":true}'); });
      continue;
    }
    const space = line.indexOf(' ');
    const request = JSON.parse(line.slice(space + 1));
    run(handler, line.slice(0, space), request);
  }
  if (start < chunk.length) parts.push(chunk.subarray(start));
});
input.on('end', () => process.exit(0));

// What takes time the first time, while there is nothing else to do.
import('node:path');
vm.compileFunction('');
