// The library's configuration: paths, claims and token formats as Auth0 has them.

import { createSecretKey, randomBytes } from 'node:crypto';

import Provider from 'oidc-provider';

import { Storage } from './storage.js';

const jweKey = createSecretKey(randomBytes(32));

/** Scopes that every API has; Auth0 ignores others. */
const API_SCOPES = 'cnpg:read cnpg:write cnpg:destroy';

const OPENID_SCOPES = ['openid', 'profile', 'email', 'offline_access'];

/** What a token is for where no audience was asked for: the provider's own user information. */
export const ownAudience = (state) => `${state.issuer}userinfo`;

const accountOf = (state, sub) => Object.values(state.accounts).find((account) => account.sub === sub);

/** Everything that was asked for and may be granted. */
async function grantFor(state, ctx) {
  const grant = new ctx.oidc.provider.Grant({
    accountId: ctx.oidc.session.accountId,
    clientId: ctx.oidc.client.clientId,
  });
  allow(state, grant, ctx.oidc.requestParamOIDCScopes, Object.keys(ctx.oidc.resourceServers));
  await grant.save();
  return grant;
}

/** Adds to a grant what the person is granted of what was asked for. */
export function allow(state, grant, scopes, audiences) {
  grant.addOIDCScope([...scopes].join(' '));
  for (const audience of audiences) {
    grant.addResourceScope(audience, (state.switches.granted ?? API_SCOPES.split(' ')).join(' '));
  }
}

/** The library with the present keys. */
export function makeProvider(state) {
  const { switches } = state;
  const provider = new Provider(state.issuer, {
    adapter: Storage,
    jwks: { keys: state.keys.map((key) => key.jwk) },
    cookies: { keys: ['cookies of a provider for tests'] },
    routes: {
      authorization: '/authorize',
      token: '/oauth/token',
      revocation: '/oauth/revoke',
      device_authorization: '/oauth/device/code',
      code_verification: '/activate',
      jwks: '/.well-known/jwks.json',
    },
    scopes: OPENID_SCOPES,
    claims: { openid: ['sub'], email: ['email'], profile: ['name', 'groups'] },
    conformIdTokenClaims: false,
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    rotateRefreshToken: () => switches.rotate_refresh,
    ttl: {
      AccessToken: () => switches.access_token,
      RefreshToken: () => switches.refresh_token,
      IdToken: () => switches.id_token,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 86400,
      Interaction: 600,
      Session: 86400,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: { enabled: true },
      deviceFlow: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: async (ctx, client, granted) =>
          (granted ? [granted].flat()[0] : ownAudience(state)),
        useGrantedResource: async () => true,
        getResourceServerInfo: async (ctx, audience) => ({
          audience,
          scope: API_SCOPES,
          accessTokenTTL: switches.access_token,
          accessTokenFormat: 'jwt',
          // Without an audience Auth0 answers with a token that it alone can read.
          jwt: audience === ownAudience(state)
            ? { encrypt: { alg: 'dir', enc: 'A256GCM', key: jweKey } }
            : { sign: { alg: 'RS256', kid: state.keys[0].kid } },
        }),
      },
    },
    formats: {
      customizers: {
        jwt: async (ctx, token, { payload }) => {
          payload.azp = payload.client_id;
          delete payload.client_id;
          const { AuthorizationCode, RefreshToken, DeviceCode } = ctx.oidc.entities;
          const asked = (AuthorizationCode ?? RefreshToken ?? DeviceCode)?.scope?.split(' ') ?? [];
          if (payload.aud !== ownAudience(state) && asked.includes('openid')) {
            payload.aud = [payload.aud, ownAudience(state)];
            payload.scope = [...asked.filter((scope) => OPENID_SCOPES.includes(scope)), payload.scope].join(' ').trim();
          }
        },
      },
    },
    findAccount: async (ctx, sub) => {
      const account = accountOf(state, sub);
      return account && { accountId: sub, claims: async () => account };
    },
    extraTokenClaims: async (ctx, token) => {
      const { sub, name, ...claims } = accountOf(state, token.accountId) ?? {};
      return claims;
    },
    interactions: { url: (ctx, interaction) => `/login/${interaction.uid}` },
    loadExistingGrant: async (ctx) => grantFor(state, ctx),
  });
  provider.proxy = true;
  for (const event of ['server_error', 'authorization.error', 'grant.error']) {
    provider.on(event, (ctx, error) => console.error(event, error.error_detail ?? error.error_description ?? error));
  }
  return provider;
}
