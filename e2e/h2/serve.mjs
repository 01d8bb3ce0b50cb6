// A server of HTTP/2 by Node: serve.mjs PORT FILES [CERT KEY]. /files/..., /app/show, /app/echo, /app/trailers, /app/status?N.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import http2 from 'node:http2';

const [port, files, cert, key] = process.argv.slice(2);
const server = cert ? http2.createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) }) : http2.createServer();

const actions = {
  show(stream, head) {
    const sum = createHash('sha256');
    let size = 0;
    let trailers = {};
    stream.on('trailers', (fields) => { trailers = { ...fields }; });
    stream.on('data', (piece) => { sum.update(piece); size += piece.length; });
    stream.on('end', () => {
      if (stream.destroyed) return;
      stream.respond({ 'content-type': 'application/json' });
      stream.end(JSON.stringify({ method: head[':method'], version: 'HTTP/2.0', size, sha256: sum.digest('hex'), trailers }));
    });
  },
  echo(stream) {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  },
  trailers(stream) {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-digest': 'abc' }));
    stream.end('hello');
  },
  status(stream, head) {
    stream.respond({ ':status': Number(head[':path'].split('?')[1]) }, { endStream: true });
  },
};

function sendFile(stream, method, path) {
  const type = { 'content-type': 'application/octet-stream' };
  if (!existsSync(path)) stream.respond({ ':status': 404 }, { endStream: true });
  else if (method === 'HEAD') stream.respond({ ...type, 'content-length': statSync(path).size }, { endStream: true });
  else stream.respondWithFile(path, type);
}

server.on('stream', (stream, head) => {
  stream.on('error', () => {});
  const [, place, name] = head[':path'].split('?')[0].split('/');
  if (place === 'files') sendFile(stream, head[':method'], files + '/' + name);
  else actions[name](stream, head);
});
server.listen(Number(port), '127.0.0.1');
