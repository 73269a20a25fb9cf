/** Places in files that a person points at: the cursor's, or the one that was pinned as expected among the hits. */

import { commands, type TextEditor, window, workspace } from 'vscode';
import type { Server } from './server';
import type { Place } from './viewMessages';

/** The cursor's place in the active editor; undefined where that is no file. */
export function placeAtCursor(server: Server): Place | undefined {
  const editor = window.activeTextEditor;
  return editor?.document.uri.scheme === 'file' ? placeIn(editor, server) : undefined;
}

function placeIn({ document, selection }: TextEditor, server: Server): Place {
  const { line, character } = selection.start;
  return {
    uri: server.uriOf(document.uri),
    path: `${workspace.asRelativePath(document.uri)}:${line + 1}`,
    position: { line, character },
  };
}

/** The one place that a person expects among the hits, whatever is searched. */
export class Pin {
  private pinned: Place | undefined;

  constructor(private readonly changed: (place: Place | undefined) => void) {}

  get place(): Place | undefined {
    return this.pinned;
  }

  set(place: Place | undefined): void {
    this.pinned = place;
    void commands.executeCommand('setContext', 'codeintel.hasPin', place !== undefined);
    this.changed(place);
  }
}
