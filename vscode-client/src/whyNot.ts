/** "Why is this not here?": which place or name a person means, and the server's answer. */

import { l10n, type QuickPickItem, window } from 'vscode';
import type { WhyNotParams, WhyNotResult } from './protocol';
import type { Server } from './server';
import type { Place } from './viewMessages';

/** What a person expected among the hits, and how to call it. */
export type Expected = { readonly label: string } & Pick<WhyNotParams, 'textDocument' | 'position' | 'symbol'>;

export function expectedAt(place: Place): Expected {
  return { label: place.path, textDocument: { uri: place.uri }, position: place.position };
}

/** Let the person choose between what is at hand and a name; undefined where they chose nothing. */
export async function pickExpected(places: readonly Place[]): Promise<Expected | undefined> {
  const pick = window.createQuickPick<QuickPickItem & { expected: Expected }>();
  pick.placeholder = l10n.t('Choose what you expected among the hits, or type the name of a function, class or file');
  const choices = (typed: string) => [
    ...(typed.trim()
      ? [{ label: l10n.t('The name {0}', typed.trim()), alwaysShow: true, expected: expectedNamed(typed.trim()) }]
      : []),
    ...places.map(place => ({ label: place.path, alwaysShow: true, expected: expectedAt(place) })),
  ];
  pick.items = choices('');
  pick.onDidChangeValue(typed => {
    pick.items = choices(typed);
  });
  return new Promise(resolve => {
    pick.onDidAccept(() => {
      resolve(pick.activeItems[0]?.expected);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

function expectedNamed(symbol: string): Expected {
  return { label: symbol, symbol };
}

export function whyNot(server: Server, query: string, expected: Expected, limit: number): Promise<WhyNotResult> {
  const { label: _, ...what } = expected;
  return server.request('codeintel/whyNot', { query, limit, ...what });
}
