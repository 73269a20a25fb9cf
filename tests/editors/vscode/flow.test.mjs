// The whole way through the extension with the real server, in one editor: what each step leaves is the next one's start.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { comes, openEditor, PATIENCE_MS, until } from './editor.mjs';
import { SearchView } from './search_view.mjs';

let editor;
let view;

before(async () => {
  editor = await openEditor();
  view = await editor.search();
});
after(() => editor?.close());
afterEach(async context => {
  if (!context.passed) {
    await editor.shot(`failed-${context.name.slice(0, 40)}`);
  }
});

const key = name => editor.page.keyboard.press(name);

test('a query typed brings hits with reasons, the best first', async () => {
  await view.query.pressSequentially('where are retries handled', { delay: 30 });
  await view.hits.first().waitFor();
  assert.match((await view.place(0)).path, /retry/);
  assert.match(await view.hit(0).locator('.reason').innerText(), /matching words|defines|similar/);
  assert.ok((await view.hit(0).locator('.bar .share').count()) >= 2);
});

test('in the end the answer covers the meaning of everything', async () => {
  await until(async () => {
    await view.find(`retries ${Math.random().toString(36).slice(2, 5)}`);
    return (await view.inner.locator('.partial').count()) === 0;
  });
});

test('with the mouse: the explanation opens and closes, a thumb goes up and down', async () => {
  await view.find('retry with a growing delay');
  const card = view.hit(0);
  await card.hover();
  await card.getByRole('button', { name: 'Explain' }).click();
  await card.locator('.explanation table').first().waitFor();
  await card.getByRole('button', { name: 'Explain' }).click();
  await card.locator('.explanation').waitFor({ state: 'hidden' });
  const bad = card.getByRole('button', { name: 'Bad Hit' });
  for (const pressed of ['true', 'false']) {
    await bad.click();
    await until(async () => (await bad.getAttribute('aria-pressed')) === pressed);
  }
});

test('by keyboard alone: to the hits, the explanation, the tools, the editor at the right line', async () => {
  await view.find('retry with exponential backoff');
  const place = await view.place(0);
  await key('ArrowDown');
  await view.focused.waitFor();
  await key('e');
  await view.hit(0).locator('.explanation table').first().waitFor();
  assert.ok((await view.hit(0).locator('.excerpt mark').count()) > 0, 'the words that matched are marked');
  assert.ok((await view.hit(0).locator('.excerpt .tint').count()) > 0, 'the tokens are tinted');
  await key('e');
  await view.hit(0).locator('.explanation').waitFor({ state: 'hidden' });
  await key('ArrowRight');
  await key('ArrowRight');
  await key('ArrowLeft');
  await key('ArrowLeft');
  await key('ArrowDown');
  await key('ArrowUp');
  await key('c');
  await until(async () => (await clipboard()) === `${place.path}:${place.line}`);
  await key('m');
  await until(async () => (await clipboard()).startsWith('['));
  await key('Enter');
  await until(async () => {
    const { file, line } = await editor.cursor();
    return file === place.path.split('/').at(-1) && line === place.line;
  });
});

test('a hover on the hit says why', async () => {
  const line = editor.page.locator('.editor-instance .view-line span', { hasText: 'retry_with_backoff' }).last();
  const hover = editor.page.locator('.monaco-hover:not(.hidden) .hover-contents', { hasText: 'codeintel' }).first();
  await until(async () => {
    await editor.page.mouse.move(0, 0);
    await line.hover();
    return hover.waitFor({ timeout: 10_000 }).then(() => true, () => false);
  });
  assert.match(await hover.innerText(), /bm25/);
  await editor.shot('hover');
});

test('text that is not saved is found, and said to be so', async () => {
  await editor.open('courier/errors.py');
  await key('Control+End');
  await editor.page.keyboard.type('\ndef zebra_crossing_permit():\n    return "granted"\n');
  await view.query.click();
  await until(async () => {
    await view.find(`zebra crossing permit${' '.repeat(Math.floor(Math.random() * 5))}`);
    return /errors\.py/.test((await view.place(0)).path) && (await view.hit(0).locator('.tag.live').count()) === 1;
  });
  await editor.shot('unsaved');
});

test('quick search shows the same hits and opens one', async () => {
  await editor.run('codeintel: Quick Search');
  const input = editor.page.locator('.quick-input-widget input.input').first();
  await input.fill('token bucket rate limit');
  const rows = editor.rows();
  await until(async () => /ratelimit\.py/.test(await rows.first().innerText().catch(() => '')));
  await editor.shot('quick-search');
  assert.equal(await view.query.inputValue(), 'token bucket rate limit', 'the view follows');
  await key('Enter');
  await until(async () => (await editor.cursor()).file === 'ratelimit.py');
});

test('go to symbol in workspace asks the same search', async () => {
  const input = await editor.quickInput('Control+T');
  await input.fill('#circuit');
  await until(async () => (await editor.rows().allInnerTexts()).some(text => /circuit/i.test(text)));
  await key('Escape');
});

test('filters complete, stand as chips and go with a click', async () => {
  await view.query.fill('retry lang:py');
  await view.query.press('End');
  await view.inner.locator('#suggestions').waitFor();
  await view.query.press('ArrowDown');
  await view.query.press('Enter');
  assert.equal(await view.query.inputValue(), 'retry lang:python ');
  const chip = view.inner.getByRole('button', { name: 'Remove the filter lang:python' });
  await chip.click();
  assert.equal(await view.query.inputValue(), 'retry');
});

test('the Index view counts and says what was skipped', async () => {
  await editor.run('codeintel: Show Index Status');
  const rows = editor.page.locator('.pane', { hasText: 'Index' }).locator('.monaco-list-row');
  await until(async () => (await rows.allInnerTexts()).some(text => /Chunks/.test(text)));
  await editor.shot('index');
});

test('a thumb up stays with the hit until it is taken back', async () => {
  await view.find('sign a webhook delivery');
  await key('ArrowDown');
  await view.focused.waitFor();
  await key('+');
  const good = view.hit(0).getByRole('button', { name: 'Good Hit' });
  await until(async () => (await good.getAttribute('aria-pressed')) === 'true');
  await key('+');
  await until(async () => (await good.getAttribute('aria-pressed')) === 'false');
});

test('why-not names the filter that leaves a pinned place out', async () => {
  await editor.open('courier/retry.py');
  await editor.run('codeintel: Pin This Place as Expected');
  await view.find('lang:go retry with backoff');
  const card = view.inner.locator('.absence.kind-filtered');
  await card.waitFor();
  assert.match(await card.innerText(), /lang:go/);
  await editor.shot('why-not-filtered');
  await view.inner.getByRole('button', { name: 'Unpin' }).click();
});

test('similar to the selection, and a search for it', async () => {
  await editor.open('courier/circuit.py');
  await editor.run('codeintel: Find Similar to Selection');
  await view.inner.locator('.summary', { hasText: 'Similar to courier/circuit.py' }).waitFor();
  await until(async () => (await view.hits.count()) > 0);
  await editor.shot('similar');
  await until(async () => {
    await editor.page.locator('.tab.active').click();
    await key('Control+Home');
    await key('Shift+End');
    await editor.run('codeintel: Search for Selection');
    return comes(async () => (await view.query.inputValue()) !== '' && (await view.hits.count()) > 0);
  });
});

test('a click on a lens peeks at the references, or finds what is like it', async () => {
  await editor.open('courier/retry.py');
  await editor.configure({ 'codeintel.codeLens.references': true, 'codeintel.codeLens.similar': true });
  const lens = text => editor.page.locator('.codelens-decoration a', { hasText: text }).first();
  await until(async () => {
    await lens(/^[1-9]\d* references?$/).click();
    return comes(() => editor.page.locator('.reference-zone-widget').isVisible());
  });
  await editor.shot('references');
  await key('Escape');
  await until(async () => {
    await lens(/^similar$/).click();
    return comes(() => view.inner.locator('.summary', { hasText: 'Similar to courier/retry.py' }).isVisible());
  });
  await until(async () => (await view.hits.count()) > 0);
});

test('a second window on the same workspace searches as well', async () => {
  const page = await editor.page.context().newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(editor.page.url(), { waitUntil: 'domcontentloaded' });
  await page.locator('.activitybar a.action-label[aria-label^="codeintel"]').click();
  const other = await SearchView.of(page);
  assert.ok((await other.find('retry with exponential backoff')) > 0);
  assert.match((await other.place(0)).path, /retry/);
  await page.close();
});

test('a hit whose file was deleted says so and harms nothing', async () => {
  await view.find('spool file verification');
  const path = (await view.place(0)).path;
  await rm(join(editor.folder, path));
  await view.hit(0).locator('.hit-open').click();
  await view.hit(0).locator('.tag', { hasText: 'gone' }).waitFor();
});

test('a server that is killed is started again, and the search answered', async () => {
  await view.find('parse the configuration');
  const [pid] = serverProcesses(editor.process.pid);
  process.kill(pid, 'SIGKILL');
  await until(() => serverProcesses(editor.process.pid).some(other => other !== pid));
  assert.ok((await view.find('parse the configuration once more')) > 0);
});

test('nothing was fetched from elsewhere and no policy was violated', async () => {
  assert.deepEqual(editor.outside, []);
  assert.deepEqual(editor.violations, []);
  assert.doesNotMatch(await editor.log(), /content security policy/);
});

function clipboard() {
  return editor.page.evaluate(() => navigator.clipboard.readText());
}

/** The pids of language servers below the editor. */
function serverProcesses(above) {
  const table = execFileSync('ps', ['-eo', 'pid=,pgid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const rows = table.map(line => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)).filter(Boolean);
  const servers = rows.filter(([, , group, args]) => Number(group) === above && /codeintel\.entry|codeintel-server/.test(args));
  return servers.filter(([, , , args]) => !/multiprocessing|forkserver/.test(args)).map(([, pid]) => Number(pid));
}
