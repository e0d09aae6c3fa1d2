// Logs in through the official TypeScript SDK of MCP (`v1`, `v2`) or mcp-remote: login, list, call, refresh after
// expiry, revoke. `node sdk.mjs CLIENT URL EXPIRY TOOLS`: EXPIRY are the seconds after which an access token has
// expired, TOOLS is the folder where the clients are installed.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { logIn } from './person.mjs';

const [client, url, expiry, tools] = process.argv.slice(2);
const require = createRequire(join(tools, 'package.json'));
const folder = mkdtempSync(join(tmpdir(), 'login-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** What the SDK asks an application for. */
class Provider {
  logins = 0;
  redirectUrl = 'http://127.0.0.1:33418/callback';
  clientMetadata = {
    client_name: `TypeScript SDK ${client}`,
    redirect_uris: [this.redirectUrl],
    token_endpoint_auth_method: 'none',
  };

  state() {
    return 'state-of-the-sdk';
  }

  clientInformation() {
    return this.client;
  }

  saveClientInformation(information) {
    this.client = information;
  }

  tokens() {
    return this.kept;
  }

  saveTokens(tokens) {
    this.kept = tokens;
  }

  saveCodeVerifier(verifier) {
    this.verifier = verifier;
  }

  codeVerifier() {
    return this.verifier;
  }

  saveDiscoveryState(state) {
    this.discovered = state;
  }

  discoveryState() {
    return this.discovered;
  }

  invalidateCredentials(scope) {
    if (scope === 'all' || scope === 'client') this.client = undefined;
    if (scope === 'all' || scope === 'tokens') this.kept = undefined;
  }

  async redirectToAuthorization(link) {
    this.logins += 1;
    this.back = new URL(await logIn(link.href));
  }
}

async function bySdk({ Client, StreamableHTTPClientTransport }) {
  const provider = new Provider();
  const connect = async () => {
    const made = new Client({ name: 'test', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
    await made.connect(transport);
    return made;
  };
  // An application is told that somebody has to log in, finishes that, and connects again.
  const first = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
  await assert.rejects(new Client({ name: 'test', version: '1' }).connect(first), { name: /Error$/, message: /nauthorized/ });
  await first.finishAuth(client === 'v1' ? provider.back.searchParams.get('code') : provider.back.searchParams);
  return {
    connected: await connect(),
    logins: () => provider.logins,
    tokens: () => provider.kept,
    clientId: () => provider.client.client_id,
  };
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** mcp-remote speaks stdio to its client and opens a browser, which here is a program that counts its calls. */
async function byRemote() {
  const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
  const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');
  const person = fileURLToPath(new URL('person.mjs', import.meta.url));
  const opened = join(folder, 'opened');
  writeFileSync(opened, '');
  const browser = `#!/bin/sh\necho login >> "${opened}"\nexec "${process.execPath}" "${person}" "$1"\n`;
  writeFileSync(join(folder, 'xdg-open'), browser, { mode: 0o755 });
  const port = await freePort();
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(tools, 'node_modules/mcp-remote/dist/proxy.js'), url, String(port), '--host', '127.0.0.1', '--transport', 'http-only'],
    env: {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      BROWSER: join(folder, 'xdg-open'),
      MCP_REMOTE_CONFIG_DIR: join(folder, 'remote'),
    },
  });
  const connected = new Client({ name: 'test', version: '1' });
  await connected.connect(transport);
  const kept = (end) => {
    const files = readdirSync(join(folder, 'remote'), { recursive: true });
    const file = files.find((name) => name.endsWith(end));
    assert(file, `${end}: ${files}`);
    return JSON.parse(readFileSync(join(folder, 'remote', file), 'utf8'));
  };
  return {
    connected,
    logins: () => readFileSync(opened, 'utf8').split('\n').length - 1,
    tokens: () => kept('_tokens.json'),
    clientId: () => kept('_client_info.json').client_id,
  };
}

const ways = {
  v1: () => bySdk({
    ...require('@modelcontextprotocol/sdk/client/index.js'),
    ...require('@modelcontextprotocol/sdk/client/streamableHttp.js'),
  }),
  v2: () => bySdk(require('@modelcontextprotocol/client')),
  remote: byRemote,
};

const { connected, logins, tokens, clientId } = await ways[client]();
assert.equal(logins(), 1);
const listed = await connected.listTools();
assert(listed.tools.some((tool) => tool.name === 'echo_role'));
const call = () => connected.callTool({ name: 'echo_role', arguments: { role_name: 'app_user' } });
assert(!(await call()).isError);
const first = tokens();
await sleep(expiry * 1000);
assert(!(await call()).isError);
assert(tokens().access_token !== first.access_token, 'the token was refreshed');
assert.equal(logins(), 1, 'nobody was asked again');
const metadata = await (await fetch(new URL('/.well-known/oauth-authorization-server', url))).json();
const form = new URLSearchParams({ client_id: clientId(), token: tokens().refresh_token });
assert.equal((await fetch(metadata.revocation_endpoint, { method: 'POST', body: form })).status, 200);
// The SDK has its application log somebody in and try again; mcp-remote does that by itself.
const again = await call().then(() => 'called', () => 'refused');
// mcp-remote asks for each of its requests that are under way.
assert(client === 'remote' ? logins() >= 2 : logins() === 2, `after revocation somebody has to log in: ${again}`);
console.log('ok');
process.exit(0);
