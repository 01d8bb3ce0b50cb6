// Node's http2 against the gate. fetch2.mjs BASE CA FILE DIGEST prints one line for each check: "ok NAME" or "FAIL NAME: why".
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import http2 from 'node:http2';

const [base, ca, file, digest] = process.argv.slice(2);
const url = new URL(base);
const root = '/' + url.pathname.split('/')[1];
const client = http2.connect(url.origin, { ca: readFileSync(ca), settings: { enablePush: false } });
client.on('error', (error) => console.log('FAIL connection: ' + error));

function want(condition, text) {
  if (!condition) throw new Error(text);
}

function ask(path, fields = {}, body = undefined) {
  return new Promise((resolve, reject) => {
    const stream = client.request({ ':path': path, ...fields }, { endStream: body === undefined });
    const answer = { pieces: [], stream };
    stream.on('response', (head) => { answer.head = head; });
    stream.on('trailers', (trailers) => { answer.trailers = trailers; });
    stream.on('data', (piece) => answer.pieces.push(piece));
    stream.on('error', reject);
    stream.on('end', () => resolve({ ...answer, status: answer.head[':status'], body: Buffer.concat(answer.pieces) }));
    if (body?.pipe) body.pipe(stream);
    else if (body !== undefined) stream.end(body);
  });
}

const checks = {
  async get() {
    const { status, body } = await ask(root + '/hello.txt');
    want(status === 200 && body.length === 9200, status + ', ' + body.length + ' octets');
  },
  async head() {
    const { head, body } = await ask(root + '/hello.txt', { ':method': 'HEAD' });
    want(head['content-length'] === '9200' && body.length === 0, JSON.stringify(head));
  },
  async upload() {
    const { body } = await ask('/direct/show', { ':method': 'POST' }, createReadStream(file));
    want(JSON.parse(body).sha256 === digest, 'another digest');
  },
  async 'both ways'() {
    const data = Buffer.alloc(4 << 20, 'both ways ');
    const { body } = await ask('/direct/echo', { ':method': 'POST' }, data);
    want(body.equals(data), body.length + ' octets came back');
  },
  async 'a hundred at once'() {
    const all = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(root + '/hello.txt?' + i)));
    want(all.every(({ status, body }) => status === 200 && body.length === 9200), 'not all');
  },
  async trailers() {
    const { trailers } = await ask('/direct/trailers', { te: 'trailers' });
    want(trailers?.['x-digest'] === 'abc', JSON.stringify(trailers));
  },
  async 'sent trailers'() {
    const seen = await new Promise((resolve, reject) => {
      const stream = client.request({ ':path': '/direct/show', ':method': 'POST' }, { waitForTrailers: true });
      let text = '';
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
      stream.on('data', (piece) => { text += piece; });
      stream.on('end', () => resolve(JSON.parse(text)));
      stream.on('error', reject);
      stream.end('hello');
    });
    want(seen.trailers.length === 1 && seen.trailers[0][1] === '42', JSON.stringify(seen.trailers));
  },
  async 'early hints'() {
    const hints = [];
    await new Promise((resolve, reject) => {
      const stream = client.request({ ':path': '/direct/hints' });
      stream.on('headers', (fields) => hints.push(fields[':status']));
      stream.on('error', reject);
      stream.on('end', resolve);
      stream.resume();
    });
    want(hints.length === 1 && hints[0] === 103, JSON.stringify(hints));
  },
  async 'an early answer'() {
    const { status, body } = await ask('/direct/refuse-body', { ':method': 'POST' }, createReadStream(file));
    want(status === 403 && body.toString() === 'refused', status + ' ' + body);
  },
  async cancel() {
    const stream = client.request({ ':path': root + '/64m.bin' });
    await new Promise((resolve) => stream.once('data', resolve));
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await closed;
    want((await ask(root + '/hello.txt')).status === 200, 'the connection is gone');
  },
  async 'a slow reader'() {
    const stream = client.request({ ':path': root + '/64m.bin' });
    const sum = createHash('sha256');
    let pieces = 0;
    for await (const piece of stream) {
      sum.update(piece);
      pieces += 1;
      if (pieces % 400 === 0) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        want((await ask(root + '/hello.txt')).status === 200, 'others wait for it');
      }
    }
    want(sum.digest('hex') === digest, 'another digest');
  },
  async ping() {
    await new Promise((resolve, reject) => client.ping((error) => (error ? reject(error) : resolve())));
  },
  async 'one connection'() {
    want(!client.closed && !client.destroyed, 'it was closed');
    client.close();
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
