// From a key pressed to the first hit painted, in a real VS Code: node latency.mjs WORKSPACE [VECTOR_CACHE] prints JSON.
// What the server itself took, as the view tells it, and the activation are in it too. A key counts until the frame after the first change of the list; the next key is pressed when that is over.
import { cp } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEditor, until } from './editor.mjs';

const [workspace, vectors] = process.argv.slice(2);
const QUERIES = ['where are retries handled', 'parse config file', 'http client timeout', 'lang:python open socket'];
const PATIENCE_MS = 3_000;

let settings = {};
if (vectors) {
  const copy = join(tmpdir(), `codeintel-vectors-${process.pid}`);
  await cp(vectors, copy, { recursive: true });
  settings = { 'codeintel.model.cache': copy };
}
const editor = await openEditor({ workspace, settings });
try {
  const view = await editor.search();
  await until(async () => {
    await view.find(`warm ${Math.random().toString(36).slice(2, 5)}`).catch(() => undefined);
    return (await view.inner.locator('.summary').innerText()).includes('candidates') && (await view.inner.locator('.partial').count()) === 0;
  }, 560_000);
  const frame = await view.frame();
  await frame.evaluate(() => {
    const list = document.querySelector('.hits');
    document.querySelector('#query').addEventListener('keydown', event => {
      globalThis.pressed = event.timeStamp;
      globalThis.painted = undefined;
    });
    new MutationObserver(() => {
      if (globalThis.pressed !== undefined && list.querySelector('li.hit')) {
        const { pressed } = globalThis;
        globalThis.pressed = undefined;
        requestAnimationFrame(() => setTimeout(() => {
          globalThis.painted = performance.now() - pressed;
        }));
      }
    }).observe(list, { childList: true, subtree: true });
  });
  const times = [];
  const searches = [];
  for (const query of QUERIES) {
    await view.ask('');
    await view.query.focus();
    for (const letter of query) {
      await editor.page.keyboard.type(letter);
      const end = Date.now() + PATIENCE_MS;
      let painted;
      while (painted === undefined && Date.now() < end) {
        await editor.page.waitForTimeout(20);
        painted = await frame.evaluate(() => globalThis.painted);
      }
      if (painted !== undefined) {
        times.push(painted);
      }
      const said = await view.inner.locator('.summary').innerText();
      searches.push(Number(/in ([\d,]+) ms/.exec(said)?.[1]?.replace(',', '') ?? Number.NaN));
      await editor.page.waitForTimeout(150); // what else belongs to this answer is drawn meanwhile
    }
  }
  const at = (values, share) => {
    const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
    return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  };
  const figures = {
    keys: times.length,
    key_to_paint_p50_ms: at(times, 0.5),
    key_to_paint_p95_ms: at(times, 0.95),
    search_alone_p50_ms: at(searches, 0.5),
    search_alone_p95_ms: at(searches, 0.95),
    activation_ms: await activation(),
    load: loadavg()[0],
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await editor.close();
}

/** How long VS Code says that activating the extension took, its code's loading included. */
async function activation() {
  await editor.run('Developer: Show Running Extensions');
  const row = editor.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'codeintel' }).first();
  await row.waitFor();
  return Number(/Activation: (\d+)ms/.exec(await row.innerText())?.[1]);
}
