// A person at a browser: follows a link, allows on the consent page, and goes where the server sends them.
//
// `node person.mjs LINK` ends with a request to the client's own address, as a browser would. With `--print` it prints
// that address instead. Also what clients start that open a browser by themselves; they wait for nothing.

import { fileURLToPath } from 'node:url';

/** Cookies of each origin. */
class Jar {
  #kept = new Map();

  take(url, response) {
    const cookies = this.#kept.get(url.origin) ?? new Map();
    for (const cookie of response.headers.getSetCookie()) {
      const [pair] = cookie.split(';');
      const at = pair.indexOf('=');
      if (/max-age=0/i.test(cookie)) cookies.delete(pair.slice(0, at));
      else cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    this.#kept.set(url.origin, cookies);
  }

  for(url) {
    return [...(this.#kept.get(url.origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

/** From a client's link to the address that the client is sent back to. */
export async function logIn(link) {
  const jar = new Jar();
  const back = new URL(link).searchParams.get('redirect_uri');
  let url = new URL(link);
  let form;
  for (let step = 0; step < 10; step += 1) {
    const headers = { cookie: jar.for(url), ...(form ? { origin: 'null' } : {}) };
    const response = await fetch(url, { method: form ? 'POST' : 'GET', body: form, headers, redirect: 'manual' });
    jar.take(url, response);
    form = undefined;
    const location = response.headers.get('location');
    if (location) {
      url = new URL(location, url);
      if (url.href.startsWith(back)) return url.href;
      continue;
    }
    const page = await response.text();
    const field = (name) => page.match(new RegExp(`name="${name}" value="([^"]*)"`))?.[1];
    if (!field('form_token')) throw new Error(`no consent page at ${url}: ${response.status} ${page}`);
    form = new URLSearchParams({
      transaction: field('transaction'), form_token: field('form_token'), decision: 'allow',
    });
    url = new URL('/consent', url);
  }
  throw new Error('the redirects do not end');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [link, print] = process.argv.slice(2);
  const back = await logIn(link);
  if (print === '--print') console.log(back);
  else await fetch(back);
}
