/** The card that says why something expected is not among the hits. */

import type { Hit, WhyNotResult } from '../protocol';
import type { ViewStrings } from '../viewStrings';
import { button, element, filled, isolated, visible } from './dom';
import { differences } from './explanation';
import { icon } from './icons';

export interface AbsenceActs {
  open(hit: Hit): void;
  close(): void;
}

export function absence(expected: string, result: WhyNotResult, strings: ViewStrings, acts: AbsenceActs): HTMLElement {
  const { hit, lastShown } = result;
  const heading = result.kind === 'found' ? strings.isShown : strings.whyNotTitle;
  const title = filled(heading, visible(expected));
  return element(
    'section',
    { class: `absence kind-${result.kind.replace(/[^a-zA-Z]/g, '')}`, 'aria-label': title },
    element(
      'div',
      { class: 'absence-head' },
      element('p', { class: 'notice-title' }, title),
      button({ class: 'tool', title: strings.close, 'aria-label': strings.close }, () => acts.close(), icon('close')),
    ),
    element('p', {}, isolated(result.note)),
    hit &&
      element(
        'p',
        {},
        button({ class: 'link' }, () => acts.open(hit), `${strings.openIt} ${visible(hit.path)}`),
      ),
    hit && lastShown && differences(hit, lastShown, [strings.expected, strings.lastShown], strings),
  );
}
