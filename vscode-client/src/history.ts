/** The queries of this workspace that led somewhere, newest first. */

import type { Memento } from 'vscode';

const KEY = 'codeintel.history';
const MOST = 50;

export class History {
  constructor(private readonly memory: Memento) {}

  get queries(): readonly string[] {
    return this.memory.get<string[]>(KEY, []);
  }

  add(query: string): void {
    const text = query.trim();
    if (text) {
      void this.memory.update(KEY, [text, ...this.queries.filter(one => one !== text)].slice(0, MOST));
    }
  }

  clear(): void {
    void this.memory.update(KEY, undefined);
  }
}
