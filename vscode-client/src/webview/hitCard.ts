/** One hit of the list: what it is, why in one line, what can be done with it, and room for its explanation. */

import type { Hit } from '../protocol';
import type { Abilities, Verdict } from '../viewMessages';
import type { ViewStrings } from '../viewStrings';
import { button, element, filled, isolated, shortened, visible, written } from './dom';
import { type Icon, icon } from './icons';
import { markedPreview } from './marks';
import { ordered, shareBar } from './shareBar';

/** Characters of a name, path or reason that a card shows: longer ones are nobody's to read in a list. */
const MOST_CHARACTERS = 200;

/** What a person does with a hit. */
export interface HitActs {
  open(index: number, how: { aside: boolean; focus: boolean }): void;
  explain(index: number): void;
  judge(index: number, verdict: Verdict): void;
  copy(index: number, as: 'place' | 'markdown'): void;
}

export interface CardOptions {
  readonly index: number;
  readonly grouped: boolean;
  readonly longest: number;
  readonly abilities: Abilities;
  readonly strings: ViewStrings;
}

export function hitCard(hit: Hit, options: CardOptions, acts: HitActs): HTMLLIElement {
  const { index, longest, strings } = options;
  const name = shortened(nameOf(hit), MOST_CHARACTERS);
  const open = button(
    { class: 'hit-open', tabindex: -1 },
    event => acts.open(index, { aside: event.ctrlKey || event.metaKey, focus: event.detail > 1 }),
    title(hit, options),
    element('code', { class: 'preview' }, element('bdi', {}, ...markedPreview(hit))),
  );
  return element(
    'li',
    { class: 'hit', 'data-index': index },
    open,
    shareBar(hit, longest, strings),
    element(
      'div',
      { class: 'foot' },
      element('p', { class: 'reason' }, isolated(shortened(reason(hit), MOST_CHARACTERS))),
      toolbar(name, options, acts),
    ),
    element('section', {
      class: 'explanation',
      'aria-label': filled(strings.explanation, visible(name)),
      hidden: true,
    }),
  );
}

/** The short name of a hit: what encloses it, what it defines, or its file. */
export function nameOf(hit: Hit): string {
  return hit.breadcrumb || hit.symbols[0] || hit.path.split('/').at(-1) || hit.path;
}

function title(hit: Hit, { index, grouped, strings }: CardOptions): HTMLElement {
  const { short, long } = freshness(hit, strings);
  const line = hit.range.start.line + 1;
  const score = written(hit.score, 2);
  const path = shortened(hit.path, MOST_CHARACTERS);
  return element(
    'span',
    { class: 'title' },
    element('span', { class: 'rank' }, String(index + 1)),
    element(
      'span',
      { class: 'what' },
      isolated(shortened(nameOf(hit), MOST_CHARACTERS), { class: 'name' }),
      short !== '' && element('span', { class: `tag ${hit.freshness}`, title: long }, short),
      element(
        'span',
        { class: grouped ? 'place short' : 'place' },
        grouped && `${visible(shortened(hit.kind, MOST_CHARACTERS))} `,
        element('span', { class: 'where' }, isolated(path, { class: grouped ? 'unseen' : 'path' }), `:${line}`),
      ),
    ),
    element('span', { class: 'score', title: filled(strings.score, score) }, score),
  );
}

function freshness(hit: Hit, strings: ViewStrings): { short: string; long: string } {
  if (hit.freshness === 'live') {
    return { short: strings.live, long: strings.liveLong };
  }
  return hit.freshness === 'stale' ? { short: strings.stale, long: strings.staleLong } : { short: '', long: '' };
}

/** The explanation in one line: the reasons that weigh most. */
function reason(hit: Hit): string {
  return ordered(hit)
    .slice(0, 3)
    .map(part => part.reason)
    .join('; ');
}

function toolbar(name: string, { index, abilities, strings }: CardOptions, acts: HitActs): HTMLElement {
  const tool = (image: Icon, title: string, act: () => void, more = {}) =>
    button({ class: 'tool', title, 'aria-label': title, tabindex: -1, ...more }, act, icon(image));
  const thumbs = (['good', 'bad'] as const).map(verdict =>
    tool(verdict, strings[verdict], () => acts.judge(index, verdict), {
      'aria-pressed': 'false',
      'data-verdict': verdict,
    }),
  );
  return element(
    'div',
    { class: 'tools', role: 'toolbar', 'aria-label': filled(strings.actions, visible(name)) },
    tool('explain', strings.explain, () => acts.explain(index), { 'aria-expanded': 'false', 'data-explain': true }),
    tool('aside', strings.openAside, () => acts.open(index, { aside: true, focus: true })),
    tool('copy', strings.copyPlace, () => acts.copy(index, 'place')),
    tool('markdown', strings.copyMarkdown, () => acts.copy(index, 'markdown')),
    ...(abilities.judge ? thumbs : []),
  );
}
