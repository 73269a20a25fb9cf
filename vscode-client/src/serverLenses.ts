/** The lenses that the server writes: a click on one asks the server what its command does, and shows the answer. */

import { type CodeLens, commands, Location, Position, Range, Uri, window, workspace } from 'vscode';
import type { Middleware } from 'vscode-languageclient';
import type { LineParams, SymbolParams } from './protocol';
import type { Server } from './server';
import type { Place } from './viewMessages';

/** The commands of the lenses, and those of ours that show what they answer. */
const SHOWN_BY: Readonly<Record<string, string>> = {
  'codeintel.server.references': 'codeintel.showReferences',
  'codeintel.server.similar': 'codeintel.similarTo',
};

export const lensMiddleware: Pick<Middleware, 'provideCodeLenses' | 'resolveCodeLens'> = {
  provideCodeLenses: async (document, token, next) => (await next(document, token))?.map(clickable),
  resolveCodeLens: async (lens, token, next) => {
    const resolved = await next(lens, token);
    return resolved ? clickable(resolved) : resolved;
  },
};

function clickable(lens: CodeLens): CodeLens {
  const shown = lens.command && SHOWN_BY[lens.command.command];
  if (lens.command && shown) {
    lens.command = { ...lens.command, command: shown };
  }
  return lens;
}

/** Peek at where the symbol at a place is named. */
export async function showReferences(server: Server, at: SymbolParams): Promise<void> {
  try {
    const { references } = await server.command('codeintel.server.references', at);
    const locations = references.map(({ uri, range: { start, end } }) => {
      const range = new Range(start.line, start.character, end.line, end.character);
      return new Location(Uri.parse(uri), range);
    });
    const here = new Position(at.line, at.character);
    await commands.executeCommand('editor.action.showReferences', Uri.parse(at.uri), here, locations);
  } catch (error) {
    void window.showWarningMessage(`codeintel: ${error instanceof Error ? error.message : error}`);
  }
}

/** The place that a lens is about. */
export function placeOf({ uri, line }: LineParams): Place {
  const path = `${workspace.asRelativePath(Uri.parse(uri))}:${line + 1}`;
  return { uri, path, position: { line, character: 0 } };
}
