// What a person does with the consent page, in a real browser. The work is the first argument, as JSON; what was seen
// is printed as JSON.
//
// `link`: a client's link to log in, with a redirect URI on loopback. `task`:
// - log_in: by keyboard alone, without JavaScript; gives where the browser ends
// - look: checks the page by axe-core in light and dark, wide and narrow; gives what is wrong
// - frame: shows the page in another site's frame; gives what can be seen there
// `screenshots`: a folder for pictures, where people want to look too.

import { createServer } from 'node:http';
import { once } from 'node:events';

import { chromium } from 'playwright-core';
import axe from 'axe-core';

const work = JSON.parse(process.argv[2]);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});

/** A page whose every request is noted. */
async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const seen = { requests: [], dialogs: 0, errors: [] };
  page.on('request', (request) => seen.requests.push({ url: request.url(), kind: request.resourceType() }));
  page.on('dialog', async (dialog) => {
    seen.dialogs += 1;
    await dialog.dismiss();
  });
  page.on('console', (message) => message.type() === 'error' && seen.errors.push(message.text()));
  return { context, page, seen };
}

const focused = (page) => page.locator(':focus').textContent({ timeout: 5000 });

const tasks = {
  async log_in() {
    // The client listens on a port that is free now, as programs do.
    const client = createServer((request, response) => response.end('connected')).listen(0, '127.0.0.1');
    await once(client, 'listening');
    const link = new URL(work.link);
    const redirect = new URL(link.searchParams.get('redirect_uri'));
    redirect.port = client.address().port;
    link.searchParams.set('redirect_uri', redirect.href);
    const { context, page, seen } = await open({ javaScriptEnabled: false });
    await page.goto(link.href);
    const heading = await page.getByRole('heading', { level: 1 }).textContent();
    const consent = { requests: [...seen.requests] };
    const order = [];
    for (let step = 0; step < 2; step += 1) {
      await page.keyboard.press('Tab');
      order.push(await focused(page));
    }
    await page.keyboard.press('Shift+Tab');
    await Promise.all([page.waitForURL((url) => url.href.startsWith(redirect.href)), page.keyboard.press('Enter')]);
    const cookies = (await context.cookies(new URL(work.link).origin)).map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite }));
    client.close();
    client.closeAllConnections();
    return { heading, order, redirect: redirect.href, end: page.url(), requests: consent.requests, cookies, errors: seen.errors };
  },

  async look() {
    const found = [];
    let dialogs = 0;
    let wider = false;
    for (const colorScheme of ['light', 'dark']) {
      for (const width of [1000, 320]) {
        const { context, page, seen } = await open({ colorScheme, viewport: { width, height: 800 } });
        await page.goto(work.link);
        await page.evaluate(axe.source);
        const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
        for (const { id, nodes } of result.violations) found.push({ id, colorScheme, width, where: nodes.map((node) => node.html) });
        wider ||= await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
        if (work.screenshots) await page.screenshot({ path: `${work.screenshots}/${colorScheme}-${width}.png`, fullPage: true });
        dialogs += seen.dialogs;
        found.push(...seen.errors.map((text) => ({ id: 'console', where: [text] })));
        await context.close();
      }
    }
    return { found, dialogs, wider };
  },

  async frame() {
    const { page } = await open({});
    // The browser must have begun the login, or the page would be refused for that alone.
    await page.goto(work.link);
    const consent = page.url();
    const shown = await page.getByRole('button', { name: 'Allow' }).count();
    await page.route('http://attacker.test/', (route) => route.fulfill({ contentType: 'text/html', body: `<iframe src="${consent}"></iframe>` }));
    await page.goto('http://attacker.test/');
    await page.waitForTimeout(1000);
    const frame = page.frames()[1];
    return { shown, framed: await frame.getByRole('button').count(), url: frame.url() };
  },
};

try {
  console.log(JSON.stringify(await tasks[work.task]()));
} finally {
  await browser.close();
}
