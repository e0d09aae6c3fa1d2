// What the library stores. It outlives the library's instances, since new signing keys mean a new instance.

const entries = new Map();
const grants = new Map();

/** Clients that may use the provider; redirect URIs of native ones may have any port on loopback. */
const clients = new Map(Object.entries({
  'cnpg-mcp': {
    client_id: 'cnpg-mcp',
    client_secret: 'provider-client-secret-of-cnpg-mcp-0123456789',
    application_type: 'native',
    redirect_uris: [
      'http://localhost/auth/callback',
      'http://127.0.0.1/auth/callback',
      'https://mcp.example.com/auth/callback',
    ],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_post',
  },
  'cnpg-mcp-cli': {
    client_id: 'cnpg-mcp-cli',
    application_type: 'native',
    redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    token_endpoint_auth_method: 'none',
  },
}));

/** Adds a client, or changes one. */
export function putClient(metadata) {
  clients.set(metadata.client_id, metadata);
}

/** What the library calls an adapter. */
export class Storage {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload) {
    const key = this.key(id);
    entries.set(key, payload);
    if (payload.grantId) {
      grants.set(payload.grantId, (grants.get(payload.grantId) ?? new Set()).add(key));
    }
    for (const name of ['uid', 'userCode']) {
      if (payload[name]) entries.set(`${this.model}:${name}:${payload[name]}`, id);
    }
  }

  async find(id) {
    return this.model === 'Client' ? clients.get(id) : entries.get(this.key(id));
  }

  async findByUid(uid) {
    return this.find(entries.get(`${this.model}:uid:${uid}`));
  }

  async findByUserCode(code) {
    return this.find(entries.get(`${this.model}:userCode:${code}`));
  }

  async consume(id) {
    entries.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    entries.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const key of grants.get(grantId) ?? []) entries.delete(key);
    grants.delete(grantId);
  }
}
