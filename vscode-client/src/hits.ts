/** What a person does with a hit in the editor: open it, copy it. */

import { env, l10n, Range, Selection, type TextEditor, TextEditorRevealType, Uri, ViewColumn, window } from 'vscode';
import type { Position } from 'vscode-languageclient';
import type { Hit } from './protocol';

export interface HowToOpen {
  readonly aside: boolean;
  readonly focus: boolean;
}

/** Open the place in an editor; undefined, and the person is told, where the file is gone. */
export async function openPlace(uri: string, position: Position, how: HowToOpen): Promise<TextEditor | undefined> {
  const target = Uri.parse(uri);
  const at = new Range(position.line, position.character, position.line, position.character);
  try {
    const editor = await window.showTextDocument(target, {
      viewColumn: how.aside ? ViewColumn.Beside : ViewColumn.Active,
      preserveFocus: !how.focus,
      preview: !how.focus,
      selection: at,
    });
    editor.selection = new Selection(at.start, at.start);
    editor.revealRange(at, TextEditorRevealType.InCenterIfOutsideViewport);
    return editor;
  } catch {
    void window.showWarningMessage(l10n.t('{0} cannot be opened; it may have been deleted.', target.fsPath));
    return undefined;
  }
}

export async function copyHit(hit: Hit, as: 'place' | 'markdown'): Promise<void> {
  await env.clipboard.writeText(as === 'place' ? place(hit) : markdown(hit));
  void window.setStatusBarMessage(l10n.t('Copied {0}', place(hit)), 3_000);
}

/** `path:line`, as compilers write it and terminals open it. */
export function place(hit: Hit): string {
  return `${hit.path}:${hit.range.start.line + 1}`;
}

/** A list item that links to the file, with the preview fenced so that no text in it is markup. */
export function markdown(hit: Hit): string {
  const name = hit.breadcrumb || hit.symbols[0] || hit.path;
  const lines = `L${hit.range.start.line + 1}-L${hit.range.end.line + 1}`;
  const link = `[${escaped(place(hit))}](<${hit.path.replace(/[<>\\]/g, '\\$&')}#${lines}>)`;
  const runs = hit.preview.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(3, ...runs.map(run => run.length + 1)));
  return `${link} ${escaped(name)}\n\n${fence}${hit.lang}\n${hit.preview}\n${fence}\n`;
}

function escaped(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_{}[\]()#+\-.!|<>~&]/g, '\\$&');
}
