// A real VS Code in a real browser: code-server with the packed extension installed, a workspace of its own, a home of
// its own, and Debian's chromium to look at it. Whatever a test starts here ends with `close`.
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SearchView } from './search_view.mjs';
import { PATIENCE_MS, until } from './waiting.mjs';

export { comes, PATIENCE_MS, until } from './waiting.mjs';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
export const CLIENT = join(ROOT, 'vscode-client');
const EDITOR = process.env.CODEINTEL_VSCODE ?? join(CLIENT, 'build/vscode');
const SERVER = process.env.CODEINTEL_SERVER ?? join(ROOT, '.venv/bin/codeintel-server');
const VSIX = process.env.CODEINTEL_VSIX ?? join(CLIENT, 'build/codeintel.vsix');
const SHOTS = process.env.CODEINTEL_SHOTS ?? join(CLIENT, 'build/screenshots');

const require = createRequire(join(CLIENT, 'package.json'));
const { chromium } = require('playwright-core');
const AXE = require.resolve('axe-core/axe.min.js');

/** Everything that would look for another machine is off, besides what makes a browser run without a screen. */
const BROWSER_FLAGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--force-color-profile=srgb',
];

const QUIET = {
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'security.workspace.trust.enabled': false,
  'chat.commandCenter.enabled': false,
  'git.enabled': false,
  'files.autoSave': 'off',
  'editor.minimap.enabled': false,
  'window.confirmBeforeClose': 'never',
};

/** The themes that are looked at, and the editor background by which each is known to be on. */
export const THEMES = {
  dark: ['Default Dark Modern', '#1f1f1f'],
  light: ['Default Light Modern', '#ffffff'],
  contrast: ['Default High Contrast', '#000000'],
};

/** The editors that run: whatever ends this process ends them. */
const running = new Set();
process.on('exit', () => {
  for (const editor of running) {
    editor.end('SIGKILL');
  }
});

/** Start an editor on a copy of `workspace` (the sample by default; null for none), with these user settings. */
export async function openEditor({ workspace = join(ROOT, 'data/sample-workspace'), settings = {}, server = SERVER, hostTest } = {}) {
  const home = await mkdtemp(join(tmpdir(), 'codeintel-vscode-'));
  const folder = join(home, 'workspace');
  if (workspace) {
    await cp(workspace, folder, { recursive: true, filter: path => !/[\\/]\.(codeintel|\w+_cache)/.test(path) });
  }
  const user = join(home, 'data/User');
  await mkdir(user, { recursive: true });
  const chosen = { ...QUIET, ...(server ? { 'codeintel.server.path': server } : {}), ...settings };
  await writeFile(join(user, 'settings.json'), JSON.stringify(chosen));
  const editor = new Editor(home, workspace ? folder : undefined, hostTest);
  try {
    await editor.start();
  } catch (error) {
    await editor.close();
    throw error;
  }
  return editor;
}

export class Editor {
  /** `hostTest` is a test module that the extension host is to run instead of waiting for a person. */
  constructor(home, folder, hostTest) {
    this.home = home;
    this.folder = folder;
    this.hostTest = hostTest;
    this.hostResult = join(home, 'result.json');
    this.violations = [];
    this.outside = [];
  }

  async start() {
    const environment = { ...process.env, HOME: this.home, XDG_CACHE_HOME: join(this.home, 'cache') };
    environment.CODEINTEL_HOST_RESULT = this.hostResult;
    environment.EXTENSIONS_GALLERY = '{}'; // nothing is looked for in a marketplace
    for (const name of ['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME']) {
      environment[name] = join(this.home, name.toLowerCase());
    }
    const entry = join(EDITOR, 'node_modules/code-server/out/node/entry.js');
    const own = ['--user-data-dir', join(this.home, 'data'), '--extensions-dir', join(this.home, 'extensions')];
    if (!this.hostTest) {
      await finished(spawn('node', [entry, ...own, '--install-extension', VSIX], { env: environment }));
    }
    this.port = await freePort();
    const quiet = ['--auth', 'none', '--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'];
    const where = ['--bind-addr', `127.0.0.1:${this.port}`, '--config', join(this.home, 'config.yaml')];
    this.process = spawn('node', [entry, ...own, ...quiet, ...where], { env: environment, detached: true });
    this.said = '';
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', text => {
        this.said += text;
      });
    }
    running.add(this);
    await until(() => /HTTP server listening/.test(this.said), () => this.said);
    this.browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: BROWSER_FLAGS,
      timeout: PATIENCE_MS,
    });
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'no-preference' });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: `http://127.0.0.1:${this.port}` });
    this.page = await context.newPage();
    this.page.setDefaultTimeout(PATIENCE_MS);
    this.page.on('console', message => {
      if (/content security policy/i.test(message.text())) {
        this.violations.push(message.text());
      }
    });
    this.page.on('response', response => {
      const host = new URL(response.url()).hostname;
      // a webview's own files have a host in their names, but come from VS Code's service worker
      if (!['127.0.0.1', ''].includes(host) && !response.fromServiceWorker()) {
        this.outside.push(response.url());
      }
    });
    this.page.on('requestfailed', request => {
      if (new URL(request.url()).hostname !== '127.0.0.1') {
        this.outside.push(request.url());
      }
    });
    await this.load();
  }

  /** Load, or load again, the workbench. */
  async load() {
    const at = `127.0.0.1:${this.port}`;
    const opened = this.folder ? `folder=${encodeURIComponent(this.folder)}` : 'ew=true';
    const test = {
      extensionDevelopmentPath: `vscode-remote://${at}${CLIENT}`,
      extensionTestsPath: `vscode-remote://${at}${this.hostTest}`,
    };
    const payload = this.hostTest ? `&payload=${encodeURIComponent(JSON.stringify(Object.entries(test)))}` : '';
    await this.page.goto(`http://${at}/?${opened}${payload}`, { waitUntil: 'domcontentloaded' });
    await this.page.waitForSelector('.monaco-workbench .statusbar-item');
  }

  /** Where VS Code asks for a line of text, brought up by a key: again, where the key came to nothing. */
  async quickInput(key) {
    const input = this.page.locator('.quick-input-widget input.input').first();
    await until(async () => {
      await this.page.keyboard.press(key);
      return input.waitFor({ timeout: 5_000 }).then(() => true, () => false);
    });
    return input;
  }

  /** The rows that VS Code offers below that line. */
  rows(hasText) {
    return this.page.locator('.quick-input-list .monaco-list-row', hasText ? { hasText } : {});
  }

  /** Run a command of the palette by its title. */
  async run(title) {
    const input = await this.quickInput('F1');
    await input.fill(`>${title}`);
    await this.rows(title).first().click();
  }

  /** The Search view, brought up by its command once the extension is there. */
  async search() {
    await this.page.locator('.activitybar a.action-label[aria-label^="codeintel"]').waitFor();
    await this.run('codeintel: Search');
    return SearchView.of(this.page);
  }

  /** Open a file by its path in the workspace. */
  async open(path) {
    const input = await this.quickInput('Control+P');
    await input.fill(join(this.folder, path));
    const name = path.split('/').at(-1);
    await this.rows(name).first().click();
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
    await this.page.locator('.editor-instance .view-line').first().waitFor();
  }

  /** The name of the file in front and the cursor's line. */
  async cursor() {
    const position = await this.page.locator('#status\\.editor\\.selection').innerText();
    const file = await this.page.locator('.tab.active').first().getAttribute('data-resource-name');
    return { file, line: Number(/\d+/.exec(position)?.[0]) };
  }

  /** The kinds of decoration that are shown in editors. */
  async decorations() {
    const marked = await this.page
      .locator('.editor-instance .view-overlays [class*="ced-"]')
      .evaluateAll(pieces => pieces.flatMap(piece => [...piece.classList]));
    return new Set(marked.filter(name => name.startsWith('ced-')));
  }

  /** Put another theme on, dark, light or contrast, and wait until the view has it too. */
  async theme(name, view) {
    const [theme, background] = THEMES[name];
    await this.configure({ 'workbench.colorTheme': theme });
    const shown = places =>
      Promise.all(
        places.map(place =>
          place.evaluate(node => getComputedStyle(node).getPropertyValue('--vscode-editor-background').trim()),
        ),
      );
    const places = [this.page.locator('.monaco-workbench').first(), view.inner.locator('html')];
    await until(
      async () => (await shown(places)).every(one => one === background),
      () => shown(places),
    );
  }

  /** Change the workspace's settings, as by hand; the user's are read once by code-server. */
  async configure(changes) {
    const path = join(this.folder, '.vscode/settings.json');
    await mkdir(dirname(path), { recursive: true });
    const settings = JSON.parse(await readFile(path, 'utf8').catch(() => '{}'));
    await writeFile(path, JSON.stringify({ ...settings, ...changes }, null, 2));
  }

  async shot(name) {
    await mkdir(SHOTS, { recursive: true });
    // whatever fades or slides is shown where it ends
    await this.page.screenshot({ path: join(SHOTS, `${name}.png`), animations: 'disabled', caret: 'initial' });
  }

  /** What axe-core finds in the Search view as it is now, one line each. */
  async axe(view) {
    const frame = await view.frame();
    await frame.evaluate(await readFile(AXE, 'utf8')); // the page's policy lets no script in
    const { violations } = await frame.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    return violations.map(({ id, help, nodes }) => {
      const found = new Map(nodes.map(({ html, any }) => [any.map(one => one.message).join('; '), html.slice(0, 120)]));
      return `${id}: ${help}: ${[...found].flat().join(' | ')}`;
    });
  }

  /** Everything that the extension and the server logged. */
  async log() {
    const folder = join(this.home, 'data/logs');
    const names = await readdir(folder, { recursive: true });
    const files = names.filter(name => name.endsWith('codeintel.log'));
    return (await Promise.all(files.map(name => readFile(join(folder, name), 'utf8')))).join('\n');
  }

  async close() {
    await this.browser?.close();
    if (this.process?.pid) {
      const gone = new Promise(done => this.process.once('exit', done));
      this.end('SIGTERM');
      await Promise.race([gone, new Promise(done => setTimeout(done, 8_000))]);
      this.end('SIGKILL');
      running.delete(this);
    }
    await rm(this.home, { recursive: true, force: true, maxRetries: 25, retryDelay: 200 });
  }

  /** Send a signal to code-server and all that it started. */
  end(signal) {
    try {
      process.kill(-this.process.pid, signal);
    } catch {
      // all of it is gone already
    }
  }
}

function finished(child) {
  let said = '';
  child.stdout.on('data', text => {
    said += text;
  });
  child.stderr.on('data', text => {
    said += text;
  });
  return new Promise((done, failed) =>
    child.once('exit', code => (code === 0 ? done(said) : failed(new Error(`exit code ${code}: ${said}`)))),
  );
}

function freePort() {
  return new Promise(done => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
