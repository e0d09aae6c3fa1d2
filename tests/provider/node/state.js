// What tests switch, and what they read.

import * as jose from 'jose';

import { makeProvider } from './provider.js';

export const state = {
  issuer: undefined,
  behind: undefined,
  provider: undefined,
  // Signing keys, the issuing one first: { kid, privateKey, publicKey, jwk }.
  keys: [],
  // Requests from outside, by what they asked for.
  counters: {},
  // Codes, tokens, verifiers and secrets of clients that came to the endpoints of OAuth, or that they gave away.
  secrets: new Set(),
  switches: {
    // Who is logged in without being asked: the name of an account; or why nobody is.
    account: 'alice',
    deny: null,
    // Lives, in seconds.
    access_token: 3600,
    refresh_token: 86400,
    id_token: 3600,
    // By what is asked for: { delay_ms, status, body, headers, times, cut }.
    faults: {},
    // Keys that stand in the JWKS beside the provider's own.
    extra_keys: [],
    // Fields that the discovery document has instead of its own; null takes one away.
    discovery: {},
    // Scopes of APIs that people are granted; null grants what is asked for.
    granted: null,
    // Whether refresh tokens are exchanged for new ones.
    rotate_refresh: true,
  },
  accounts: {
    alice: { sub: 'auth0|alice', email: 'alice@example.com', name: 'Alice', groups: ['dba', 'team-a'] },
    bob: { sub: 'auth0|bob', email: 'bob@example.com', name: 'Bob', groups: ['readers'] },
  },
};

/** Counts a request from outside. */
export function count(what) {
  state.counters[what] = (state.counters[what] ?? 0) + 1;
}

const SECRETS = [
  'code', 'code_verifier', 'client_secret', 'refresh_token', 'token', 'access_token', 'id_token', 'device_code',
];

/** Remembers what is secret in a form or an answer. */
export function remember(fields) {
  for (const name of SECRETS) if (fields[name]) state.secrets.add(fields[name]);
}

/** New keys. The old ones may stay in the JWKS, so that what they signed remains valid. */
export async function rotate(keep) {
  const { privateKey, publicKey } = await jose.generateKeyPair('RS256', { extractable: true });
  const jwk = await jose.exportJWK(privateKey);
  const kid = await jose.calculateJwkThumbprint(jwk);
  const key = { kid, privateKey, publicKey, jwk: { ...jwk, kid, alg: 'RS256', use: 'sig' } };
  state.keys = keep ? [key, ...state.keys] : [key];
  state.provider = makeProvider(state);
  return kid;
}
