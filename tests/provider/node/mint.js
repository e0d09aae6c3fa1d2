// Tokens that the provider itself would never issue.

import * as crypto from 'node:crypto';

import * as jose from 'jose';

import { ownAudience } from './provider.js';
import { state } from './state.js';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

const without = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

/**
 * A token. `claims` and `header` change what a good one has; null takes a field away. `sign` says with what:
 * `current` (the provider's key), `foreign` (a key of somebody else), `none`, `public_as_secret`
 * (HS256, with the provider's public key in PEM as the secret), `secret` (HS256, with `secret`), `jwe`, or the name
 * of another algorithm of RSA.
 */
export async function mint({ audience, account = 'alice', claims = {}, header = {}, sign = 'current', secret }) {
  const now = Math.floor(Date.now() / 1000);
  const { name, ...person } = state.accounts[account];
  const payload = without({
    ...person,
    iss: state.issuer,
    aud: [audience, ownAudience(state)],
    azp: 'cnpg-mcp-cli',
    scope: 'openid cnpg:read cnpg:write cnpg:destroy',
    iat: now,
    exp: now + 3600,
    ...claims,
  });
  const [current] = state.keys;
  const algorithm = { current: 'RS256', foreign: 'RS256', none: 'none', public_as_secret: 'HS256', secret: 'HS256' }[sign] ?? sign;
  const head = without({ alg: algorithm, typ: 'at+jwt', kid: current.kid, ...header });
  if (sign === 'jwe') {
    return new jose.CompactEncrypt(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', iss: state.issuer })
      .encrypt(crypto.randomBytes(32));
  }
  const signed = `${encode(head)}.${encode(payload)}`;
  return `${signed}.${signature(sign, signed, secret)}`;
}

function signature(sign, text, secret) {
  const { publicKey, privateKey } = state.keys[0];
  const pem = () => crypto.KeyObject.from(publicKey).export({ type: 'spki', format: 'pem' });
  const hmac = (key) => crypto.createHmac('sha256', key).update(text).digest('base64url');
  const rsa = (hash, key, padding) => crypto.sign(hash, Buffer.from(text), { key, padding }).toString('base64url');
  const ours = crypto.KeyObject.from(privateKey);
  switch (sign) {
    case 'none': return '';
    case 'public_as_secret': return hmac(pem());
    case 'secret': return hmac(secret);
    case 'current': return rsa('sha256', ours);
    case 'foreign': return rsa('sha256', crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
    case 'RS384': return rsa('sha384', ours);
    case 'RS512': return rsa('sha512', ours);
    case 'PS256': return rsa('sha256', ours, crypto.constants.RSA_PKCS1_PSS_PADDING);
    default: throw new Error(`nothing signs with ${sign}`);
  }
}
