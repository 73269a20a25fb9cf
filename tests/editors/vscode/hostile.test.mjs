// Names and contents that want to be more than text, very long ones, very many; and the two requests that change nothing.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openEditor, until } from './editor.mjs';
import { contribution, heard, hit, scriptedServer } from './scripted.mjs';

const BAIT = "globalThis.injected=1";
const HOSTILE = [
  `<script>${BAIT}</script>`,
  `<img src=x onerror="${BAIT}">`,
  `<svg/onload=${BAIT}>`,
  `"><script>${BAIT}</script>`,
  `'-${BAIT}-'`,
  `javascript:${BAIT}`,
  `[link](command:workbench.action.reloadWindow)`,
  `[link](javascript:${BAIT})`,
  `<a href="command:codeintel.rebuild">click</a>`,
  `<iframe srcdoc="<script>${BAIT}</script>">`,
  `<style>*{display:none}</style>`,
  `<link rel=stylesheet href=https://example.org/x.css>`,
  `<meta http-equiv=refresh content="0;url=https://example.org">`,
  `<base href=https://example.org/>`,
  `<form action=https://example.org><button>go</button></form>`,
  `<math><mtext><script>${BAIT}</script>`,
  `<template><script>${BAIT}</script></template>`,
  `<object data=javascript:${BAIT}>`,
  `<details open ontoggle=${BAIT}>`,
  `<input autofocus onfocus=${BAIT}>`,
  `<body onload=${BAIT}>`,
  `&lt;script&gt;${BAIT}&lt;/script&gt;`,
  `\\u003cscript\\u003e${BAIT}`,
  '${globalThis.injected=1}',
  '{{constructor.constructor("globalThis.injected=1")()}}',
  '`${globalThis.injected=1}`',
  '$(trash) $(sync~spin)',
  '</code></pre><script>globalThis.injected=1</script>',
  '--><script>globalThis.injected=1</script>',
  ']]><script>globalThis.injected=1</script>',
  '\u202egnp.exe\u202c',
  '\u2066\u2067\u2068mixed\u2069',
  'שלום עולם',
  'مرحبا بالعالم',
  '👩‍👩‍👧‍👦🏳️‍🌈',
  'e\u0301'.repeat(200),
  'Z̸̧̛͇͎̙͍a̵l̷g̶o̷'.repeat(20),
  '\u0000\u0001\u0008\u001b[31mred',
  '\u2028line\u2029separators',
  '\ufeffbom\u200bzero\u200bwidth',
  '\ud83d',
  'a'.repeat(10_000),
  `${' '.repeat(5_000)}x${' '.repeat(5_000)}`,
  '__proto__',
  'constructor',
  'toString',
  '%00%0a%0d',
  '../../../../etc/passwd',
  'CON.txt:stream',
  "'; DROP TABLE chunks; --",
];

let folder;
let editor;
let view;
let server;

const hostileHits = HOSTILE.map((text, index) =>
  hit(`${index}/${text.replace(/[\ud800-\udfff]/gu, '?').replaceAll('/', '_').slice(0, 200)}`, {
    path: text,
    breadcrumb: text,
    symbols: [text],
    preview: text,
    kind: text.slice(0, 50),
    contributions: [
      contribution('bm25', 0.6, text, [{ text, range: range(0, 1), share: 0.5 }]),
      contribution(text.slice(0, 40), 0.3, text),
      contribution('dense', 0.1, text, [{ text, range: range(0, 1), share: 1 }]),
    ],
  }),
);
const many = Array.from({ length: 2_000 }, (_, index) => hit(`src/file${index % 400}.py`, { breadcrumb: `f${index}` }));
const better = ['src/second.py', 'src/first.py'].map(path => hit(path));
const whyNot = {
  kind: 'below',
  note: `It ranks 61st. ${HOSTILE[0]}`,
  rank: 61,
  shown: 50,
  hit: many[60],
  lastShown: many[49],
};

function range(start, end) {
  return { start: { line: 0, character: start }, end: { line: 0, character: end } };
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'codeintel-hostile-'));
  server = await scriptedServer(folder, { hits: [...hostileHits, ...many], better, plan: HOSTILE[0], whyNot });
  editor = await openEditor({ server, settings: { 'codeintel.view.limit': 1_000, 'codeintel.view.codeLens': true } });
  view = await editor.search();
  await view.inner.locator('.welcome').waitFor();
});
after(async () => {
  await editor?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Nothing ran, and the page has no element that none of our code makes. */
async function harmless() {
  const frame = await view.frame();
  assert.equal(await frame.evaluate(() => globalThis.injected), undefined);
  assert.equal(await editor.page.evaluate(() => globalThis.injected), undefined);
  const foreign = 'script:not([src]), img, iframe, object, form, a, base, math, template, input:not(#query)';
  assert.deepEqual(await frame.evaluate(found => [...document.body.querySelectorAll(found)].map(one => one.outerHTML), foreign), []);
  assert.deepEqual(editor.violations, []);
  assert.deepEqual(editor.outside, []);
  assert.doesNotMatch(await editor.log(), /content security policy/);
}

for (const grouped of [true, false]) {
  test(`${HOSTILE.length} hostile names and contents inject nothing, ${grouped ? 'by file' : 'in a flat list'}`, async () => {
    await editor.run(grouped ? 'codeintel: Search' : 'codeintel: Show Hits as a Flat List');
    await view.find(`hostile ${HOSTILE[0]} ${grouped}`);
    for (let index = 0; index < HOSTILE.length; index += 7) {
      const card = view.hit(index);
      await view.inner.locator(`li.hit[data-index="${index}"]`).scrollIntoViewIfNeeded();
      await card.locator('.hit-open').focus();
      await editor.page.keyboard.press('e');
      await card.locator('.trace summary').click();
      await card.locator('.tokens').waitFor();
    }
    await harmless();
    await editor.shot(`hostile-${grouped ? 'grouped' : 'flat'}`);
  });
}

test('text that would reorder what stands around it is written out', async () => {
  const card = view.inner.locator('li.hit', { hasText: 'gnp.exe' }).first();
  assert.match(await card.locator('.name').textContent(), /‹U\+202E›gnp\.exe‹U\+202C›/);
});

test('a better order takes the place of the first hits, which are there before it', async () => {
  await view.ask('a better order');
  await until(async () => (await view.hits.count()) > better.length);
  await until(async () => (await view.hits.count()) === better.length);
  assert.equal((await view.place(0)).path, 'src/second.py');
  await view.inner.locator('.summary', { hasText: '2 hits' }).waitFor();
  await harmless();
});

test('a thousand hits are drawn as far as they are looked at', async () => {
  await view.find('many hits');
  const drawn = await view.hits.count();
  assert.ok(drawn < 200);
  const text = await view.inner.locator('.summary').innerText();
  assert.match(text, /1,000 hits of 2,050 candidates/);
  await view.inner.locator('.more').scrollIntoViewIfNeeded();
  await until(async () => (await view.hits.count()) > drawn);
});

test('quick search shows the same names as text', async () => {
  await editor.run('codeintel: Quick Search');
  await editor.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  assert.equal(await editor.page.locator('.quick-input-list .codicon-trash, .quick-input-list .codicon-sync').count(), 0);
  await editor.page.keyboard.press('Escape');
  await harmless();
});

test('a thumb tells the server what a person thinks of a hit, and takes it back', async () => {
  await view.find('judge this');
  await view.query.press('Escape').catch(() => undefined);
  await view.find('judge that');
  await view.query.press('ArrowDown');
  await view.focused.waitFor();
  await editor.page.keyboard.press('+');
  const good = view.hit(0).getByRole('button', { name: 'Good Hit' });
  await until(async () => (await good.getAttribute('aria-pressed')) === 'true');
  await editor.shot('judged');
  await editor.page.keyboard.press('+');
  await until(async () => (await good.getAttribute('aria-pressed')) === 'false');
  const told = await heard(server, 'codeintel/judge');
  assert.deepEqual(told.map(params => params.verdict), ['good', 'none']);
  assert.equal(told[0].query, 'judge that');
});

test('why-not asks for a place at hand or a name, and shows both hits side by side', async () => {
  await view.find('why not');
  await view.inner.getByRole('button', { name: 'Why is … not here?' }).click();
  const input = editor.page.locator('.quick-input-widget input.input').first();
  await input.fill('missing_name');
  await editor.page.locator('.quick-input-list .monaco-list-row', { hasText: 'missing_name' }).waitFor();
  await editor.page.keyboard.press('Enter');
  const card = view.inner.locator('.absence');
  await card.waitFor();
  assert.match(await card.innerText(), /It ranks 61st/);
  assert.equal(await card.locator('table').count(), 1);
  assert.deepEqual(await editor.axe(view), []);
  await editor.shot('why-not');
  const [asked] = await heard(server, 'codeintel/whyNot');
  assert.deepEqual([asked.query, asked.symbol], ['why not', 'missing_name']);
  await harmless();
});

test('a pinned place is followed from search to search', async () => {
  await editor.open('courier/retry.py');
  await editor.run('codeintel: Pin This Place as Expected');
  await view.inner.locator('.pin', { hasText: 'courier/retry.py' }).waitFor();
  await view.find('with a pin');
  await view.inner.locator('.absence').waitFor();
  await editor.shot('pinned');
  await view.inner.getByRole('button', { name: 'Unpin' }).click();
  await view.inner.locator('.pin').waitFor({ state: 'detached' });
});

test('axe finds nothing among hostile hits', async () => {
  await view.find('hostile once more');
  assert.deepEqual(await editor.axe(view), []);
});
