/** The search as a QuickPick: hits while typing, opened with Enter. */

import { l10n, type QuickPickItem, ThemeIcon, window } from 'vscode';
import { openPlace } from './hits';
import type { Hit } from './protocol';
import type { Answer, Search } from './search';

/** Nothing is asked for keys that follow each other faster. */
const DEBOUNCE_MS = 40;

interface HitItem extends QuickPickItem {
  readonly hit?: Hit;
}

export function quickSearch(search: Search, remember: (query: string) => void): void {
  const pick = window.createQuickPick<HitItem>();
  let timer: NodeJS.Timeout | undefined;
  pick.placeholder = l10n.t('Search by words or by meaning');
  pick.value = search.answer?.query ?? '';
  pick.matchOnDescription = pick.matchOnDetail = false;

  const show = (answer: Answer) => {
    pick.busy = answer.outcome === undefined && answer.query.trim() !== '';
    pick.items = items(answer);
  };
  const ask = async () => {
    pick.busy = true;
    const answer = await search.run(pick.value);
    if (answer === search.answer) {
      show(answer);
    }
  };
  const open = (item: HitItem | undefined, aside: boolean) => {
    if (item?.hit) {
      remember(pick.value);
      void openPlace(item.hit.uri, item.hit.range.start, { aside, focus: true });
    }
    pick.hide();
  };
  pick.onDidChangeValue(() => {
    clearTimeout(timer);
    timer = setTimeout(ask, DEBOUNCE_MS);
  });
  pick.onDidTriggerItemButton(({ item }) => open(item, true));
  pick.onDidAccept(() => open(pick.activeItems[0], false));
  const listening = search.onEvent(({ type, answer }) => (type === 'hits' ? show(answer) : undefined));
  pick.onDidHide(() => {
    listening.dispose();
    clearTimeout(timer);
    pick.dispose();
  });
  if (search.answer && !search.answer.similarTo) {
    show(search.answer);
  }
  pick.show();
}

function items({ query, hits, outcome }: Answer): HitItem[] {
  if (hits.length > 0) {
    return hits.map(item);
  }
  const said = outcome && outcome.kind !== 'found' && outcome.kind !== 'offline' ? outcome.message : '';
  const label = outcome?.kind === 'offline' ? l10n.t('The server is not running') : said || l10n.t('Nothing found');
  return outcome && query.trim() ? [{ label, alwaysShow: true }] : [];
}

/** The rank alone is the label: a QuickPick puts items whose label matches what was typed before all others. */
function item(hit: Hit, index: number): HitItem {
  const name = hit.breadcrumb || hit.symbols[0] || hit.preview.trim() || hit.path;
  const reason = hit.contributions[0]?.reason ?? '';
  return {
    hit,
    label: `${index + 1}`,
    description: plain(`${name}  ${hit.path}:${hit.range.start.line + 1}`),
    detail: plain([hit.preview.trim(), reason].filter(Boolean).join('  ·  ')),
    buttons: [{ iconPath: new ThemeIcon('split-horizontal'), tooltip: l10n.t('Open to the Side') }],
    alwaysShow: true,
  };
}

/** Icons are written `$(name)` in these texts: a zero-width space keeps workspace text from being one. */
function plain(text: string): string {
  return text.slice(0, 300).replaceAll('$(', '$\u200b(');
}
