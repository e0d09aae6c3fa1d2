// What tests ask the provider itself for.

import { bodyOf } from './front.js';
import { mint } from './mint.js';
import { rotate, state } from './state.js';
import { putClient } from './storage.js';

const ACTIONS = {
  'GET /control/counters': async () => state.counters,
  'GET /control/secrets': async () => [...state.secrets],
  'GET /control/switches': async () => state.switches,
  'POST /control/switches': async (change) => {
    for (const name of Object.keys(change)) {
      if (!(name in state.switches)) throw new Error(`there is no switch ${name}`);
    }
    return Object.assign(state.switches, change);
  },
  'POST /control/rotate': async ({ keep = false }) => ({ kid: await rotate(keep) }),
  'POST /control/mint': async (wanted) => ({ token: await mint(wanted) }),
  'POST /control/client': async (metadata) => putClient(metadata),
  'POST /control/account': async ({ name, ...account }) => {
    state.accounts[name] = account;
  },
};

/** Answers requests under /control/. */
export async function control(request, response) {
  const action = ACTIONS[`${request.method} ${request.url}`];
  const body = await bodyOf(request);
  const [status, answer] = action
    ? [200, (await action(body ? JSON.parse(body) : {})) ?? {}]
    : [404, { error: 'there is no such control' }];
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
}
