// An OpenID provider for the tests, like Auth0 where that differs from others. Its first line of output is its
// port; it ends when its standard input is closed.

import http from 'node:http';

import { control } from './control.js';
import { front } from './front.js';
import { rotate, state } from './state.js';

const fail = (error) => {
  console.error(error);
  process.exit(1);
};

const listen = (server) =>
  new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });

const answer = (handler) => (request, response) =>
  handler(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: 'server_error', error_description: String(error.message) }));
  });

// What comes from outside passes the front, which changes and counts it; the library itself is behind.
const behind = http.createServer((request, response) => state.provider.callback()(request, response));
state.behind = `http://127.0.0.1:${await listen(behind)}`;
const outside = http.createServer(
  answer((request, response) =>
    (request.url.startsWith('/control/') ? control : front)(request, response)),
);
const port = await listen(outside);
state.issuer = `http://127.0.0.1:${port}/`;
await rotate(false).catch(fail);
console.log(port);

process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
