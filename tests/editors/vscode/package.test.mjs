// The packed extension: small, the same each time, with its licences, and with no word in it that is not translatable.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLIENT } from './editor.mjs';

const LARGEST_BYTES = 1_000_000;

const run = (...args) => execFileSync(process.execPath, args, { cwd: CLIENT, encoding: 'utf8' });

test('the vsix is at most 1 MB, and the same when it is packed again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'codeintel-vsix-'));
  try {
    run('scripts/build.mjs');
    const [first, second] = ['first.vsix', 'second.vsix'].map(name => join(folder, name));
    run('scripts/package.mjs', '--out', first);
    run('scripts/package.mjs', '--out', second);
    const bytes = await readFile(first);
    assert.ok(bytes.length <= LARGEST_BYTES, `${bytes.length} bytes`);
    assert.deepEqual(bytes, await readFile(second));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('what is bundled has its licences with it', async () => {
  const texts = await readFile(join(CLIENT, 'dist/licenses.txt'), 'utf8');
  for (const name of ['vscode-languageclient', 'vscode-jsonrpc', 'semver', 'minimatch']) {
    assert.match(texts, new RegExp(`^${name} [\\d.]+ \\(`, 'm'));
  }
});

test('every text is in the bundle for translators', () => {
  run('scripts/l10n.mjs', '--check');
});

test('the view runs no code from text', async () => {
  const code = await readFile(join(CLIENT, 'dist/view.js'), 'utf8');
  assert.doesNotMatch(code, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|https?:\/\/(?!www\.w3\.org)/);
});
