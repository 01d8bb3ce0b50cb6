// Node's undici and ws against the gate. fetch.mjs BASE CA FILE DIGEST prints one line for each check: "ok NAME" or
// "FAIL NAME: why".
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(process.env.MODULES + '/');
const { Agent, Client, request, fetch, setGlobalDispatcher } = require('undici');
const { WebSocket } = require('ws');

const [base, ca, file, digest] = process.argv.slice(2);
const tls = { ca: readFileSync(ca) };
const root = base.slice(0, base.lastIndexOf('/'));
setGlobalDispatcher(new Agent({ connect: tls, pipelining: 1 }));

function want(condition, text) {
  if (!condition) throw new Error(text);
}

async function hash(stream) {
  const sum = createHash('sha256');
  for await (const piece of stream) sum.update(piece);
  return sum.digest('hex');
}

function webSocket(path) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(base.replace('http', 'ws') + path, tls);
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
    socket.once('unexpected-response', (_, response) => reject(new Error('status ' + response.statusCode)));
  });
}

function reply(socket) {
  return new Promise((resolve, reject) => {
    socket.once('message', (data, isBinary) => resolve(isBinary ? data : data.toString()));
    socket.once('close', (code) => reject(new Error('closed with ' + code)));
  });
}

const checks = {
  async download() {
    const { statusCode, body } = await request(base + '/64m.bin');
    want(statusCode === 200 && (await hash(body)) === digest, 'status ' + statusCode + ' or another digest');
  },
  async upload() {
    const { body } = await request(base + '/app/show', { method: 'POST', body: createReadStream(file), headers: { 'content-length': 64 << 20 } });
    want((await body.json()).sha256 === digest, 'another digest');
  },
  async 'chunked upload'() {
    const { body } = await request(base + '/app/show', { method: 'POST', body: createReadStream(file) });
    want((await body.json()).sha256 === digest, 'another digest');
  },
  async fetch() {
    const response = await fetch(base + '/page.html');
    want(response.status === 200 && (await response.text()).includes('A page'), 'status ' + response.status);
  },
  async head() {
    const response = await fetch(base + '/hello.txt', { method: 'HEAD' });
    want(response.headers.get('content-length') === '9200' && (await response.text()) === '', 'a body');
  },
  async range() {
    const response = await fetch(base + '/hello.txt', { headers: { range: 'bytes=6-9' } });
    want(response.status === 206 && (await response.text()) === 'from', 'status ' + response.status);
  },
  async pipelining() {
    const client = new Client(new URL(base).origin, { connect: tls, pipelining: 8 });
    let connects = 0;
    client.on('connect', () => { connects += 1; });
    const path = new URL(base).pathname + '/hello.txt';
    const texts = await Promise.all(Array.from({ length: 40 }, () => client.request({ method: 'GET', path }).then((r) => r.body.text())));
    want(texts.every((text) => text.length === 9200) && connects === 1, connects + ' connections');
    await client.close();
  },
  async 'both ways'() {
    const data = Buffer.alloc(1 << 20, 'both ways ');
    const { body } = await request(base + '/app/echo', { method: 'POST', body: (async function* () { for (let i = 0; i < 16; i++) yield data.subarray(i << 16, (i + 1) << 16); })() });
    want(Buffer.from(await body.arrayBuffer()).equals(data), 'another body');
  },
  async trailers() {
    const { body, trailers } = await request(root + '/direct/trailers', { headers: { te: 'trailers' } });
    await body.text();
    want(trailers['x-digest'] === 'abc', JSON.stringify(trailers));
  },
  async websocket() {
    const socket = await webSocket('/app/ws');
    for (const size of [0, 1, 125, 126, 65535, 65536, 1 << 20]) {
      const data = Buffer.alloc(size, 'x');
      socket.send(data);
      want((await reply(socket)).equals(data), size + ' octets');
    }
    socket.send('Grüße');
    want((await reply(socket)) === 'Grüße', 'text');
    const pong = new Promise((resolve) => socket.once('pong', resolve));
    socket.ping('x');
    await pong;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.close(1000);
    want((await closed) === 1000, 'closed otherwise');
  },
  async 'websocket where there is none'() {
    await webSocket('/hello.txt').then(() => { throw new Error('opened'); }, (error) => want(/status (200|4\d\d)/.test(error.message), error.message));
  },
};

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log('ok ' + name);
  } catch (error) {
    console.log('FAIL ' + name + ': ' + (error.stack || error).toString().split('\n').slice(0, 3).join(' '));
  }
}
process.exit(0);
