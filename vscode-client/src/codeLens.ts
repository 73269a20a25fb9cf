/** A line above each hit of the last search that tells its rank. */

import {
  type CodeLens,
  type CodeLensProvider,
  type Disposable,
  EventEmitter,
  l10n,
  Range,
  type TextDocument,
  Uri,
} from 'vscode';
import type { Search } from './search';
import { flag } from './settings';

export class HitLenses implements CodeLensProvider, Disposable {
  private readonly changed = new EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changed.event;

  constructor(private readonly search: Search) {}

  /** The hits or the setting are others now. */
  refresh(): void {
    this.changed.fire();
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const answer = this.search.answer;
    if (!answer || !flag('view.codeLens')) {
      return [];
    }
    const uri = document.uri.toString();
    return answer.hits.flatMap((hit, index) => {
      if (Uri.parse(hit.uri).toString() !== uri) {
        return [];
      }
      const line = Math.min(hit.range.start.line, document.lineCount - 1);
      const range = new Range(line, 0, line, 0);
      const title = answer.query
        ? l10n.t('hit {0} for {1}', index + 1, answer.query)
        : l10n.t('similar, rank {0}', index + 1);
      return [{ range, isResolved: true, command: { command: 'codeintel.search', title } }];
    });
  }

  dispose(): void {
    this.changed.dispose();
  }
}
