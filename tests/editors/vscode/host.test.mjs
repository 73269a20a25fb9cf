// Runs vscode-client/test/host inside the real extension host and passes on what came of each check.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLIENT, openEditor, until } from './editor.mjs';

test('in the extension host', async context => {
  const editor = await openEditor({ hostTest: join(CLIENT, 'build/host/index.js') });
  try {
    await until(() => existsSync(editor.hostResult), () => editor.log());
    const results = JSON.parse(await readFile(editor.hostResult, 'utf8'));
    for (const [name, result] of Object.entries(results)) {
      await context.test(name, () => assert.equal(result, 'passed'));
    }
    assert.ok(Object.keys(results).length > 0);
  } finally {
    await editor.close();
  }
});
