// What people see when the server is missing, too old, dying, slow, or not allowed; each in an editor of its own.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openEditor, until } from './editor.mjs';
import { heard, hit, scriptedServer } from './scripted.mjs';

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'codeintel-servers-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function within(options, act) {
  const editor = await openEditor(options);
  try {
    await act(editor, await editor.search());
    assert.deepEqual(editor.violations, []);
  } catch (error) {
    await editor.shot('failed-trouble');
    throw error;
  } finally {
    await editor.close();
  }
}

/** The view says this, offers these actions, and axe finds nothing. */
async function says(editor, view, text, actions) {
  await until(async () => text.test(await view.notice().first().innerText().catch(() => '')));
  assert.deepEqual(await view.notice().first().getByRole('button').allInnerTexts(), actions);
  assert.deepEqual(await editor.axe(view), []);
}

test('a server that is missing: what to do is said, and done without a reload', async () => {
  await within({ server: '/nowhere/codeintel-server' }, async (editor, view) => {
    await says(editor, view, /no program at \/nowhere/, ['Restart Server', 'Show Logs', 'Settings']);
    await editor.shot('server-missing');
    const program = await scriptedServer(join(folder, 'found'), { hits: [hit('found.py')] });
    await editor.configure({ 'codeintel.server.path': program });
    await view.inner.locator('.welcome').waitFor();
    assert.equal(await view.find('x'), 1);
  });
});

test('a server that is too old is not talked to', async () => {
  const server = await scriptedServer(join(folder, 'old'), { version: '0.0.9' });
  await within({ server }, async (editor, view) => {
    await says(editor, view, /version 0\.0\.9, which is too old/, ['Restart Server', 'Show Logs', 'Settings']);
    await editor.shot('server-old');
  });
});

test('a server that dies at every start is given up with its last words, and comes back when it can', async () => {
  const untilFile = join(folder, 'healed');
  const server = await scriptedServer(join(folder, 'dying'), {
    dies: 'ImportError: no module named faiss',
    untilFile,
    hits: [hit('back.py')],
  });
  await within({ server }, async (editor, view) => {
    await says(editor, view, /5 times in a row: ImportError: no module named faiss/, [
      'Restart Server',
      'Show Logs',
      'Settings',
    ]);
    await editor.shot('server-dying');
    await writeFile(untilFile, '');
    await view.inner.getByRole('button', { name: 'Restart Server' }).click();
    await view.inner.locator('.welcome').waitFor();
    assert.equal(await view.find('x'), 1);
  });
});

test('a server that dies of a search is started again, with longer pauses, and given up in the end', async () => {
  const server = await scriptedServer(join(folder, 'mid'), { diesAt: 'codeintel/search' });
  await within({ server }, async (editor, view) => {
    await view.inner.locator('.welcome').waitFor();
    await view.ask('anything');
    await says(editor, view, /5 times in a row/, ['Restart Server', 'Show Logs', 'Settings']);
    await editor.shot('server-killed');
  });
});

test('a slow server: what was typed since cancels what is asked, and only the newest is shown', async () => {
  const server = await scriptedServer(join(folder, 'slow'), {
    delays: { 'codeintel/search': 400 },
    hits: [hit('slow.py')],
  });
  await within({ server }, async (editor, view) => {
    await view.inner.locator('.welcome').waitFor();
    await view.query.pressSequentially('abcdef', { delay: 120 });
    await view.hits.first().waitFor();
    const asked = (await heard(server, 'codeintel/search')).map(params => params.query);
    assert.equal(asked.at(-1), 'abcdef');
    const cancelled = await heard(server, '$/cancelRequest');
    assert.ok(cancelled.length >= asked.length - 1, `${cancelled.length} of ${asked.length} cancelled`);
  });
});

test('without a folder there is one thing to do', async () => {
  await within({ workspace: null }, async (editor, view) => {
    await says(editor, view, /No folder is open/, ['Open Folder']);
    await editor.shot('no-folder');
  });
});

test('a workspace that is not trusted gets the bundled server or none, whatever the settings say', async () => {
  const server = await scriptedServer(join(folder, 'untrusted'), { hits: [hit('x.py')] });
  const settings = { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' };
  await within({ server, settings }, async (editor, view) => {
    await view.inner.locator('.restricted').waitFor();
    await says(editor, view, /brings no server of its own/, ['Restart Server', 'Show Logs', 'Settings']);
    await editor.shot('untrusted');
    assert.deepEqual(await heard(server, 'initialize'), []);
  });
});
