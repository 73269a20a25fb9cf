/** What the extension host can see and no screen shows: commands, hover, symbols, settings, keybindings. */

import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { commands, extensions, type Hover, Position, type SymbolInformation, Uri, workspace } from 'vscode';

const ID = 'codeintel.codeintel';

const checks: Record<string, () => Promise<void>> = {
  'every command of the manifest is registered': async () => {
    const declared = manifest().contributes.commands.map((one: { command: string }) => one.command);
    const known = new Set(await commands.getCommands(true));
    assert.deepEqual(
      declared.filter((command: string) => !known.has(command)),
      [],
    );
  },
  "the server's commands are registered under their own names": async () => {
    const known = await commands.getCommands(true);
    await until(async () => (await commands.getCommands(true)).includes('codeintel.server.search'));
    assert.ok(known.length > 0);
  },
  'no keybinding is one of the editor': async () => {
    const defaults = await workspace.openTextDocument(Uri.parse('vscode://defaultsettings/keybindings.json'));
    const theirs = new Map<string, string[]>();
    for (const [, key, command] of defaults.getText().matchAll(/"key":\s*"([^"]+)",\s*"command":\s*"([^"]+)"/g)) {
      if (key && command && !command.startsWith('codeintel.')) {
        theirs.set(key, [...(theirs.get(key) ?? []), command]);
      }
    }
    assert.ok(theirs.size > 300, `${theirs.size} default keybindings`);
    for (const { key } of manifest().contributes.keybindings) {
      assert.deepEqual(theirs.get(key) ?? [], [], key);
    }
  },
  'a workspace symbol search is answered by the server': async () => {
    const symbols = await until(async () => {
      const found = await commands.executeCommand<SymbolInformation[]>(
        'vscode.executeWorkspaceSymbolProvider',
        'circuit breaker',
      );
      return found?.find(symbol => symbol.location.uri.path.endsWith('/circuit.py'));
    });
    assert.equal(symbols.name, 'CircuitBreaker');
  },
  'a hover over a hit explains it, one elsewhere says nothing': async () => {
    const [folder] = workspace.workspaceFolders ?? [];
    const file = Uri.joinPath((folder as { uri: Uri }).uri, 'courier/circuit.py');
    const document = await workspace.openTextDocument(file);
    const at = document.positionAt(document.getText().indexOf('class CircuitBreaker') + 8);
    const text = await until(async () => {
      await commands.executeCommand('vscode.executeWorkspaceSymbolProvider', 'circuit breaker');
      return said(await commands.executeCommand<Hover[]>('vscode.executeHoverProvider', file, at));
    });
    assert.match(text, /codeintel/);
    assert.match(text, /bm25/);
  },
  "settings that a person did not touch are not the server's": async () => {
    const status = (await commands.executeCommand('codeintel.server.status')) as { warnings: string[] };
    assert.deepEqual(status.warnings, []);
  },
  'commands that need an editor do no harm without one': async () => {
    await commands.executeCommand('workbench.action.closeAllEditors');
    for (const name of ['searchSelection', 'similar', 'reindexFile', 'pinPlace']) {
      await commands.executeCommand(`codeintel.${name}`);
    }
  },
  'a position beyond the end of a file is no trouble': async () => {
    const [folder] = workspace.workspaceFolders ?? [];
    const file = Uri.joinPath((folder as { uri: Uri }).uri, 'README.md');
    assert.equal(said(await commands.executeCommand('vscode.executeHoverProvider', file, new Position(9_999, 0))), '');
  },
};

/** Called by the extension host; what came of each check goes into the file that RESULT names. */
export async function run(): Promise<void> {
  const results: Record<string, string> = {};
  await extensions.getExtension(ID)?.activate();
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      results[name] = 'passed';
    } catch (error) {
      results[name] = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    }
  }
  const result = process.env.CODEINTEL_HOST_RESULT as string;
  writeFileSync(`${result}.part`, JSON.stringify(results, null, 2));
  renameSync(`${result}.part`, result); // whoever waits for it reads all of it
}

function manifest() {
  return extensions.getExtension(ID)?.packageJSON;
}

function said(hovers: Hover[]): string {
  const parts = hovers.flatMap(hover => hover.contents);
  return parts.map(part => (typeof part === 'string' ? part : part.value)).join('\n');
}

async function until<T>(holds: () => Promise<T>, limit = 60_000): Promise<NonNullable<T>> {
  const end = Date.now() + limit;
  for (;;) {
    const value = await holds();
    if (value) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`nothing came of ${holds}`);
    }
    await new Promise(done => setTimeout(done, 200));
  }
}
