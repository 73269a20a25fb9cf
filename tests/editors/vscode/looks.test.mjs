// Every state of the Search view with the real server, dark, light and in high contrast: a screenshot and axe for each.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openEditor, THEMES, until } from './editor.mjs';

let editor;
let view;

before(async () => {
  editor = await openEditor();
  view = await editor.search();
  await until(async () => {
    await view.find(`backoff ${Math.random().toString(36).slice(2, 4)}`);
    return (await view.inner.locator('.partial').count()) === 0;
  });
});
after(() => editor?.close());

const key = name => editor.page.keyboard.press(name);

const STATES = {
  welcome: async () => {
    await view.ask('');
    await view.inner.locator('.welcome').waitFor();
    await view.inner.locator('.keys').evaluate(keys => keys.setAttribute('open', ''));
  },
  hits: async () => {
    await view.find('where are retries handled');
  },
  explained: async () => {
    await view.query.press('ArrowDown');
    await key('e');
    await view.hit(0).locator('.trace').waitFor();
  },
  trace: async () => {
    await view.hit(0).locator('.trace summary').click();
    await view.hit(0).locator('.tokens').first().scrollIntoViewIfNeeded();
  },
  editor: async () => {
    await view.hit(0).locator('.hit-open').focus();
    await key('Space');
    await editor.page.locator('.tab.active', { hasText: 'retry.py' }).waitFor();
    await until(async () => (await editor.decorations()).size > 1); // the tints come with the explanation
  },
  completion: async () => {
    await view.query.fill('retry lang:p');
    await view.query.press('End');
    await view.inner.locator('#suggestions').waitFor();
    await view.query.press('ArrowDown');
  },
  filtered: async () => {
    await view.query.press('Escape');
    await view.find('lang:python -path:tests/** deliver webhook');
  },
  'bad-query': async () => {
    await view.ask('retry lang:nosuch');
    await view.inner.locator('.notice.error').waitFor();
  },
  nothing: async () => {
    await view.ask('path:nowhere/** retry');
    await view.inner.locator('.notice.info').waitFor();
  },
  flat: async () => {
    await view.find('parse toml path:courier');
    await editor.configure({ 'codeintel.view.groupByFile': false });
    await until(async () => (await view.inner.locator('.group h3').count()) === 0);
  },
};

for (const theme of Object.keys(THEMES)) {
  test(`in ${theme}`, async context => {
    await editor.theme(theme, view);
    await editor.configure({ 'codeintel.view.groupByFile': true });
    for (const [name, reach] of Object.entries(STATES)) {
      await context.test(name, async () => {
        await reach();
        await editor.shot(`${theme}-${name}`);
        assert.deepEqual(await editor.axe(view), []);
      });
    }
  });
}

test('with reduced motion nothing moves', async () => {
  await editor.page.emulateMedia({ reducedMotion: 'reduce' });
  const frame = await view.frame();
  const names = await frame.evaluate(() => document.getAnimations().map(one => one.animationName));
  assert.deepEqual(names, []);
});
