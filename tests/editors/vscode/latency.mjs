// From a key pressed to the first hit painted, in a real VS Code: node latency.mjs WORKSPACE [VECTOR_CACHE] prints JSON.
// A key counts until the frame after the first change of the list; the next one is pressed when that is over. Where the
// time goes is told by when the page hears of the search, and of its first hits. `python -m benchmarks.vscode` keeps it.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEditor, until } from './editor.mjs';

const [workspace, vectors] = process.argv.slice(2);
const QUERIES = [
  'where are retries handled',
  'parse config file',
  'http client timeout',
  'lang:python open socket',
  'validate user input',
  'how is the cache invalidated',
];
const PATIENCE_MS = 3_000;

const copy = await mkdtemp(join(tmpdir(), 'codeintel-vectors-'));
if (vectors) {
  await cp(vectors, copy, { recursive: true });
}
const editor = await openEditor({ workspace, settings: { 'codeintel.model.cache': copy } });
try {
  const view = await editor.search();
  await indexed(view);
  const frame = await view.frame();
  await frame.evaluate(watch);
  const keys = [];
  const searches = [];
  for (const query of QUERIES) {
    await view.ask('');
    await view.query.focus();
    for (const letter of query) {
      await editor.page.keyboard.type(letter);
      const end = Date.now() + PATIENCE_MS;
      let key;
      while (!key && Date.now() < end) {
        await editor.page.waitForTimeout(20);
        key = await frame.evaluate(() => (globalThis.key?.painted === undefined ? undefined : globalThis.key));
      }
      if (key) {
        keys.push(key);
      }
      const said = await view.inner.locator('.summary').innerText();
      searches.push(Number(/in ([\d,]+) ms/.exec(said)?.[1]?.replace(',', '') ?? Number.NaN));
      await editor.page.waitForTimeout(150); // what else belongs to this answer is drawn meanwhile
    }
  }
  const figures = {
    keys: keys.length,
    not_painted: QUERIES.join('').length - keys.length,
    key_to_paint: spread(keys.map(key => key.painted)),
    key_to_search_begun: spread(keys.map(key => key.began)),
    begun_to_first_hits: spread(keys.map(key => key.hits - key.began)),
    first_hits_to_paint: spread(keys.map(key => key.painted - key.hits)),
    search_in_server: spread(searches),
    activation_ms: await activation(),
    load: loadavg()[0],
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await editor.close();
  await rm(copy, { recursive: true });
}

/** Until everything can be found by its meaning, which takes minutes where the vectors are not known. */
async function indexed(view) {
  for (let tries = 0; tries < 10; tries++) {
    const whole = until(async () => {
      await view.find(`warm ${Math.random().toString(36).slice(2, 5)}`);
      return (await view.inner.locator('.partial').count()) === 0;
    });
    if (await whole.catch(() => false)) {
      return;
    }
  }
  throw new Error('the workspace was not indexed in time');
}

/** In the page: `key` has the milliseconds from the last key pressed to what came of it. */
function watch() {
  const list = document.querySelector('.hits');
  const since = () => performance.now() - globalThis.key.pressed;
  document.querySelector('#query').addEventListener('keydown', event => {
    globalThis.key = { pressed: event.timeStamp };
  });
  window.addEventListener('message', ({ data }) => {
    if (globalThis.key && (data.type === 'began' || data.type === 'hits')) {
      globalThis.key[data.type] ??= since();
    }
  });
  new MutationObserver(() => {
    const { key } = globalThis;
    if (key && !key.changed && list.querySelector('li.hit')) {
      key.changed = true;
      requestAnimationFrame(() => setTimeout(() => {
        key.painted = performance.now() - key.pressed;
      }));
    }
  }).observe(list, { childList: true, subtree: true });
}

function spread(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const at = share => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { p50_ms: at(0.5), p95_ms: at(0.95), max_ms: sorted.at(-1) };
}

/** How long VS Code says that activating the extension took, its code's loading included. */
async function activation() {
  await editor.run('Developer: Show Running Extensions');
  const row = editor.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'codeintel' }).first();
  await row.waitFor();
  return Number(/Activation: (\d+)ms/.exec(await row.innerText())?.[1]);
}
