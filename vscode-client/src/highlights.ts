/** The evidence in the editor: matching words outlined, tokens tinted by their share of the similarity. */

import {
  commands,
  type DecorationRenderOptions,
  type Disposable,
  OverviewRulerLane,
  Range,
  type TextEditor,
  ThemeColor,
  window,
} from 'vscode';
import { marksOf } from './excerpt';
import type { Hit } from './protocol';
import { flag } from './settings';

/** From which part of the largest share on a token gets which tint; below the least it gets none. */
const STEPS = [
  { from: 0.66, color: 'codeintel.heatHigh', bordered: true },
  { from: 0.33, color: 'codeintel.heatMedium', bordered: false },
  { from: 0.1, color: 'codeintel.heatLow', bordered: false },
] as const;

export class Highlights implements Disposable {
  private readonly words = window.createTextEditorDecorationType({
    backgroundColor: new ThemeColor('editor.findMatchHighlightBackground'),
    border: '1px solid',
    borderColor: new ThemeColor('editor.findMatchHighlightBorder'),
    overviewRulerColor: new ThemeColor('editorOverviewRuler.findMatchForeground'),
    overviewRulerLane: OverviewRulerLane.Center,
  });
  private readonly tints = STEPS.map(step => window.createTextEditorDecorationType(tint(step)));
  private editor: TextEditor | undefined;

  /** Highlight what speaks for the hit in the editor that shows it. */
  show(editor: TextEditor, hit: Hit): void {
    this.clear();
    if (!flag('highlight.enabled')) {
      return;
    }
    const marks = marksOf(hit);
    const ranges = (chosen: typeof marks) => chosen.map(({ line, start, end }) => new Range(line, start, line, end));
    editor.setDecorations(this.words, ranges(marks.filter(mark => mark.kind === 'word')));
    const tokens = marks.filter(mark => mark.kind === 'token');
    this.tints.forEach((type, at) => {
      const below = STEPS[at - 1]?.from ?? Number.POSITIVE_INFINITY;
      const from = STEPS[at]?.from ?? 0;
      editor.setDecorations(type, ranges(tokens.filter(({ heat }) => heat >= from && heat < below)));
    });
    this.editor = editor;
    void commands.executeCommand('setContext', 'codeintel.highlighting', true);
  }

  clear(): void {
    if (this.editor) {
      for (const type of [this.words, ...this.tints]) {
        this.editor.setDecorations(type, []);
      }
      this.editor = undefined;
      void commands.executeCommand('setContext', 'codeintel.highlighting', false);
    }
  }

  dispose(): void {
    for (const type of [this.words, ...this.tints]) {
      type.dispose();
    }
  }
}

function tint({ color, bordered }: (typeof STEPS)[number]): DecorationRenderOptions {
  const background = { backgroundColor: new ThemeColor(color) };
  return bordered
    ? { ...background, border: '1px solid', borderColor: new ThemeColor('codeintel.heatBorder') }
    : background;
}
