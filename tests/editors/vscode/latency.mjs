// From a key pressed to the first hit painted, in a real VS Code: node latency.mjs WORKSPACE [VECTOR_CACHE] prints JSON.
// A key counts until the frame after the first change of the list; the next key is pressed when that is over.
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
      await editor.page.waitForTimeout(150); // what else belongs to this answer is drawn meanwhile
    }
  }
  times.sort((a, b) => a - b);
  const at = share => Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))]);
  const status = await view.inner.locator('.summary').innerText();
  process.stdout.write(`${JSON.stringify({ keys: times.length, p50_ms: at(0.5), p95_ms: at(0.95), status, load: loadavg()[0] })}\n`);
} finally {
  await editor.close();
}
