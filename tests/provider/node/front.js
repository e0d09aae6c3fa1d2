// What stands before the library: it makes of Auth0's parameters the library's, logs people in without asking,
// counts, is slow, and fails.

import { allow, ownAudience } from './provider.js';
import { count, remember, state } from './state.js';

const NAMES = {
  '/authorize': 'authorize',
  '/oauth/token': 'token',
  '/oauth/revoke': 'revoke',
  '/oauth/device/code': 'device',
  '/activate': 'activate',
  '/.well-known/jwks.json': 'jwks',
  '/.well-known/openid-configuration': 'discovery',
};

/** The whole body of a request. */
export async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Auth0 knows `audience`, and neither `resource` nor a `prompt` for refresh tokens. */
function translate(parameters) {
  parameters.delete('resource');
  const audience = parameters.get('audience');
  parameters.delete('audience');
  if (audience) parameters.set('resource', audience);
  if (parameters.get('scope')?.split(' ').includes('offline_access')) parameters.set('prompt', 'consent');
}

/** The library makes its addresses of this. */
const outside = () => ({ 'x-forwarded-host': new URL(state.issuer).host, 'x-forwarded-proto': 'http' });

const redirected = (status) => [301, 302, 303, 307, 308].includes(status);

const send = (response, status, headers, body) => {
  response.writeHead(status, headers);
  response.end(body);
};

export async function front(request, response) {
  const url = new URL(request.url, state.issuer);
  const body = await bodyOf(request);
  const what = NAMES[url.pathname] ?? 'other';
  const form = new URLSearchParams(request.method === 'POST' ? body : '');
  const counted = what === 'token' ? form.get('grant_type')?.replace(/^.*:/, '') ?? 'token' : what;
  count(counted);
  remember(Object.fromEntries(form));
  if (await failed(state.switches.faults[counted] ?? state.switches.faults[what], form, response)) return;
  if (what === 'activate') return activate(url.searchParams.get('user_code'), response);
  if (what === 'authorize') {
    translate(url.searchParams);
    const location = await login(url.pathname + url.search);
    return send(response, location.status, location.headers, location.body);
  }
  if (what === 'device') translate(form);
  if (what === 'token') ['resource', 'audience'].forEach((name) => form.delete(name));
  const headers = { ...request.headers, ...outside() };
  for (const name of ['host', 'connection', 'content-length', 'transfer-encoding', 'expect']) delete headers[name];
  const answer = await fetch(state.behind + url.pathname + url.search, {
    method: request.method,
    headers,
    body: request.method === 'POST' ? form.toString() : undefined,
    redirect: 'manual',
  });
  let text = await answer.text();
  if (what === 'token' || what === 'device') remember(JSON.parse(text));
  if (what === 'jwks') {
    const { keys } = JSON.parse(text);
    text = JSON.stringify({ keys: [...state.switches.extra_keys, ...keys] });
  } else if (what === 'discovery') {
    text = JSON.stringify({ ...JSON.parse(text), ...state.switches.discovery }, (_, value) => value ?? undefined);
  }
  const kept = Object.fromEntries(answer.headers);
  for (const name of ['content-length', 'connection', 'keep-alive', 'transfer-encoding']) delete kept[name];
  send(response, answer.status, kept, text);
}

/** Whether a fault took the place of the answer. In its body `{NAME}` is what came in that field. */
async function failed(fault, form, response) {
  if (!fault || fault.times === 0) return false;
  if (fault.times) fault.times -= 1;
  if (fault.delay_ms) await new Promise((resolve) => setTimeout(resolve, fault.delay_ms));
  if (fault.cut) {
    response.destroy();
    return true;
  }
  if (!fault.status) return false;
  const body = (fault.body ?? '').replace(/\{(\w+)\}/g, (whole, name) => form.get(name) ?? whole);
  send(response, fault.status, { 'content-type': 'application/json', ...fault.headers }, body);
  return true;
}

/** Goes all the way that a browser would go, until the provider sends it back to the client. */
async function login(path) {
  const cookies = new Map();
  const visit = async (where) => {
    const answer = await fetch(state.behind + where, {
      headers: { ...outside(), cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      redirect: 'manual',
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]*)=([^;]*)/.exec(cookie);
      cookies.set(name, value);
    }
    return answer;
  };
  for (;;) {
    const answer = await visit(path);
    const location = answer.headers.get('location');
    if (!redirected(answer.status)) {
      const headers = { 'content-type': answer.headers.get('content-type') };
      return { status: answer.status, headers, body: await answer.text() };
    }
    const next = new URL(location, state.issuer);
    if (next.origin !== new URL(state.issuer).origin) return { status: 302, headers: { location } };
    path = next.pathname.startsWith('/login/') ? await decide(next.pathname.slice(7)) : next.pathname + next.search;
  }
}

/** What the person would have answered. Returns where to go on. */
async function decide(uid) {
  const interaction = await state.provider.Interaction.find(uid);
  const { deny, account } = state.switches;
  interaction.result = deny
    ? { error: deny.error ?? 'access_denied', error_description: deny.description ?? 'The person said no' }
    : { login: { accountId: state.accounts[account].sub }, consent: {} };
  await interaction.save(60);
  const next = new URL(interaction.returnTo);
  return next.pathname + next.search;
}

/** The page where people would enter the code that a device shows. */
async function activate(shown, response) {
  const plain = shown?.replace(/[^A-Za-z0-9]/g, '').toUpperCase();
  const code = plain && (await state.provider.DeviceCode.findByUserCode(plain));
  if (!code) return send(response, 400, { 'content-type': 'text/plain' }, 'There is no such code.\n');
  const { deny, account } = state.switches;
  if (deny) {
    const errorDescription = deny.description ?? 'The person said no';
    Object.assign(code, { error: deny.error ?? 'access_denied', errorDescription });
  } else {
    const accountId = state.accounts[account].sub;
    const grant = new state.provider.Grant({ accountId, clientId: code.clientId });
    const scope = code.params.scope ?? '';
    const resource = code.params.resource ?? ownAudience(state);
    allow(state, grant, scope.split(' '), [resource]);
    const authTime = Math.floor(Date.now() / 1000);
    Object.assign(code, { accountId, grantId: await grant.save(), scope, resource, authTime });
  }
  await code.save();
  send(response, 200, { 'content-type': 'text/plain' }, 'Thank you. You can close this page.\n');
}
