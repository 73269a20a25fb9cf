// The Search view as a person meets it: what is written in it, and the keys that it takes.

import { comes, until } from './waiting.mjs';

export class SearchView {
  constructor(page, inner) {
    this.page = page;
    this.inner = inner;
    this.query = inner.getByRole('combobox', { name: 'Search query' });
    this.hits = inner.locator('li.hit');
    this.focused = inner.locator('li.hit:has(.hit-open:focus)');
  }

  static async of(page) {
    const outer = page.frameLocator('iframe.webview.ready[src*="extensionId=codeintel.codeintel"]');
    const view = new SearchView(page, outer.frameLocator('iframe#active-frame'));
    await view.query.waitFor();
    return view;
  }

  /** The frame itself, to run something in it. */
  async frame() {
    const handle = await this.query.elementHandle();
    return handle.ownerFrame();
  }

  async ask(query) {
    await this.query.fill(query);
  }

  /** Ask, and wait until this very query is answered with hits or none; what is typed while a view comes up is lost. */
  async find(query) {
    const frame = await this.frame();
    await frame.evaluate(listen);
    await this.ask(query);
    await until(async () => {
      if (await comes(() => frame.evaluate(asked => globalThis.answered === asked, query))) {
        return true;
      }
      await this.ask('');
      await this.ask(query);
      return false;
    });
    await this.inner.locator('.summary', { hasText: 'candidates' }).waitFor();
    return this.hits.count();
  }

  hit(index) {
    return this.inner.locator(`li.hit[data-index="${index}"]`);
  }

  /** The hit's place, path and line, as its card has it. */
  async place(index) {
    const text = await this.hit(index).locator('.where').textContent();
    const [, path, line] = /^(.*):(\d+)$/.exec(text);
    return { path, line: Number(line) };
  }

  notice() {
    return this.inner.locator('.notice');
  }
}

/** In the page: keep the query of the last answer that was found in `answered`. */
function listen() {
  globalThis.answered = undefined;
  if (!globalThis.asked) {
    globalThis.asked = new Map();
    window.addEventListener('message', ({ data }) => {
      if (data.type === 'began') {
        globalThis.asked.set(data.serial, data.query);
      } else if (data.type === 'ended' && data.outcome.kind === 'found') {
        globalThis.answered = globalThis.asked.get(data.serial);
      }
    });
  }
}
