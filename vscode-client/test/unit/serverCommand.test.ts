import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { test } from 'node:test';
import { findServer, ServerMissing, type Surroundings } from '../../src/serverCommand';

const BUNDLE = '/extension/bundled/libs/codeintel/__init__.py';
const LAUNCHED = { program: '/usr/bin/python3', args: ['-I', '/extension/bundled/launch.py'], origin: 'bundled' };

function around(files: string[], more: Partial<Surroundings> = {}, settings = {}): Surroundings {
  return {
    settings: { path: '', from: 'environment', interpreter: '', ...settings },
    trusted: true,
    extensionFolder: '/extension',
    folders: ['/workspace'],
    searchPath: '/workspace/bin:relative::/usr/bin',
    windows: false,
    isFile: async path => files.includes(path),
    chosenInterpreter: async () => undefined,
    ...more,
  };
}

const missing = (kind: string) => (error: unknown) => error instanceof ServerMissing && error.missing === kind;

test('a path that is set comes first, with ~ and ${workspaceFolder} replaced', async () => {
  const path = '${workspaceFolder}/.venv/bin/codeintel-server';
  const found = await findServer(
    around(['/workspace/.venv/bin/codeintel-server', '/usr/bin/codeintel-server'], {}, { path }),
  );
  assert.deepEqual(found, { program: '/workspace/.venv/bin/codeintel-server', args: [], origin: 'path' });
  const home = `${homedir()}/bin/codeintel-server`;
  assert.equal((await findServer(around([home], {}, { path: '~/bin/codeintel-server' }))).program, home);
});

test('a path that is set and wrong is said, not passed over', async () => {
  await assert.rejects(findServer(around(['/usr/bin/codeintel-server'], {}, { path: '/gone' })), missing('path'));
});

test("the environment of the chosen interpreter comes before the search path's", async () => {
  const files = ['/env/bin/codeintel-server', '/usr/bin/codeintel-server'];
  const found = await findServer(around(files, { chosenInterpreter: async () => '/env/bin/python' }));
  assert.deepEqual(found, { program: '/env/bin/codeintel-server', args: [], origin: 'environment' });
  assert.equal((await findServer(around(files))).program, '/usr/bin/codeintel-server');
});

test('what comes with the extension is the last resort, and on request the first', async () => {
  const files = [BUNDLE, '/usr/bin/python3'];
  assert.deepEqual(await findServer(around(files)), LAUNCHED);
  const withServer = around([...files, '/usr/bin/codeintel-server'], {}, { from: 'bundled' });
  assert.deepEqual(await findServer(withServer), LAUNCHED);
});

test('a workspace that is not trusted gets nothing else, and has no say in the interpreter', async () => {
  const files = [BUNDLE, '/usr/bin/python3', '/usr/bin/codeintel-server', '/workspace/bin/python3', '/env/bin/python'];
  const untrusted = { trusted: false, chosenInterpreter: async () => '/env/bin/python' };
  assert.deepEqual(await findServer(around(files, untrusted, { path: '/usr/bin/codeintel-server' })), LAUNCHED);
  await assert.rejects(findServer(around(['/usr/bin/codeintel-server'], untrusted)), missing('bundled'));
  await assert.rejects(findServer(around([BUNDLE, '/workspace/bin/python3'], untrusted)), missing('interpreter'));
});

test('nothing anywhere is said as such', async () => {
  await assert.rejects(findServer(around([])), missing('environment'));
});
