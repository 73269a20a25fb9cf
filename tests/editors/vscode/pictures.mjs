// The README's pictures, taken of the real editor with the real server: node pictures.mjs writes them to docs/images.
import { join } from 'node:path';
import { openEditor, ROOT, until } from './editor.mjs';

const SASH = 348; // where the side bar ends at first, and where it is to end
const WIDER = 490;
const SIZE = { width: 1100, height: 620 };
const NOWHERE = [700, 10]; // where the mouse points at nothing

const editor = await openEditor({ settings: { 'window.commandCenter': false, 'window.title': 'codeintel' } });
const { page } = editor;

async function picture(name, clip) {
  const path = join(ROOT, `docs/images/${name}.png`);
  await page.screenshot({ path, animations: 'disabled', clip });
  process.stdout.write(`${path}\n`);
}

try {
  await page.setViewportSize(SIZE);
  const view = await editor.search();
  await page.mouse.move(SASH, 400);
  await page.mouse.down();
  await page.mouse.move(WIDER, 400, { steps: 5 });
  await page.mouse.up();
  await page.mouse.move(...NOWHERE);
  await until(async () => {
    await view.find(`backoff ${Math.random().toString(36).slice(2, 5)}`);
    return (await view.inner.locator('.partial').count()) === 0;
  });

  await editor.theme('dark', view);
  await view.find('where are retries handled');
  await view.query.press('ArrowDown');
  await view.focused.waitFor();
  await page.keyboard.press('Space');
  await page.locator('.tab.active', { hasText: 'retry.py' }).waitFor();
  await until(async () => (await editor.decorations()).size > 1);
  await picture('vscode-dark');

  await editor.theme('light', view);
  await view.find('how are webhooks signed');
  await view.query.press('ArrowDown');
  await page.keyboard.press('e');
  await view.hit(0).locator('.explanation table').first().waitFor();
  await page.keyboard.press('Space');
  await until(async () => (await editor.decorations()).size > 1);
  await view.hit(0).locator('.rank-line').scrollIntoViewIfNeeded();
  await picture('vscode-explained');

  await editor.theme('dark', view);
  await editor.open('courier/retry.py');
  await editor.run('codeintel: Pin This Place as Expected');
  await view.find('lang:go retry with backoff');
  await view.inner.locator('.absence.kind-filtered').waitFor();
  await page.mouse.move(...NOWHERE);
  await picture('vscode-why-not', { x: 0, y: 0, width: 760, height: 420 });
} finally {
  await editor.close();
}
