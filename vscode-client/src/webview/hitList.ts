/** The list of hits: by file or flat, drawn as far as it is looked at, walked with the keyboard. */

import type { Hit } from '../protocol';
import type { Abilities, Verdict } from '../viewMessages';
import type { ViewStrings } from '../viewStrings';
import { button, element, filled, isolated, shortened, written } from './dom';
import { type Explained, explanation } from './explanation';
import { type HitActs, hitCard } from './hitCard';
import { gained } from './shareBar';

/** Hits drawn at first and with each look further down: a screen or two. */
const PAGE = 30;

/** Characters of a path in a heading. */
const MOST_CHARACTERS = 200;

export interface ListActs extends HitActs {
  toQuery(): void;
}

export class HitList {
  readonly element: HTMLElement;
  private readonly body = element('div', { class: 'hits' });
  private readonly more: HTMLButtonElement;
  private readonly watcher: IntersectionObserver;
  private readonly cardActs: HitActs;
  private hits: Hit[] = [];
  private order: number[] = [];
  private drawn = 0;
  private abilities: Abilities = { judge: false, whyNot: false };
  private grouped = true;

  constructor(
    private readonly strings: ViewStrings,
    private readonly acts: ListActs,
  ) {
    // a click does what the key does
    this.cardActs = {
      ...acts,
      explain: index => this.toggle(index),
      judge: (index, verdict) => this.judge(index, verdict),
    };
    this.more = button({ class: 'more', hidden: true }, () => this.draw(PAGE));
    this.element = element('div', { class: 'list' }, this.body, this.more);
    this.body.addEventListener('keydown', event => this.key(event));
    this.watcher = new IntersectionObserver(([seen]) => seen?.isIntersecting && this.draw(PAGE));
    this.watcher.observe(this.more);
  }

  get size(): number {
    return this.hits.length;
  }

  /** How the list looks; what is shown is drawn again. */
  configure(grouped: boolean, abilities: Abilities): void {
    const changed =
      grouped !== this.grouped ||
      abilities.judge !== this.abilities.judge ||
      abilities.whyNot !== this.abilities.whyNot;
    this.grouped = grouped;
    this.abilities = abilities;
    if (changed) {
      this.show(this.hits);
    }
  }

  /** Show these hits in place of the others. */
  show(hits: readonly Hit[]): void {
    this.hits = [...hits];
    this.drawn = 0;
    this.order = this.ordered();
    this.body.replaceChildren();
    this.draw(PAGE);
  }

  /** Hits that came later, below the others; in the view by file each goes to its file. */
  add(hits: readonly Hit[]): void {
    const focused = this.focused;
    this.hits.push(...hits);
    const before = this.order;
    this.order = this.ordered();
    if (before.some((index, at) => this.order[at] !== index)) {
      const drawn = Math.max(this.drawn, PAGE);
      this.drawn = 0;
      this.body.replaceChildren();
      this.draw(drawn);
      this.focus(focused);
    } else {
      this.draw(Math.max(0, PAGE - this.drawn));
    }
  }

  focusFirst(): void {
    this.focus(this.order[0]);
  }

  /** Put the keyboard on a hit. */
  private focus(index: number | undefined): void {
    const open = index === undefined ? undefined : this.opener(index);
    if (open) {
      for (const other of this.body.querySelectorAll('.hit-open[tabindex="0"]')) {
        other.setAttribute('tabindex', '-1');
      }
      open.setAttribute('tabindex', '0');
      open.focus();
      open.closest('.hit')?.scrollIntoView({ block: 'nearest' });
    }
  }

  open(position: number, aside: boolean): void {
    const index = this.order[position];
    if (index !== undefined) {
      this.acts.open(index, { aside, focus: true });
    }
  }

  explained(index: number, explained: Explained): void {
    const hit = this.hits[index];
    const place = this.card(index)?.querySelector('.explanation');
    if (hit && place instanceof HTMLElement && !place.hidden) {
      const wasOpen = place.querySelector('details')?.open ?? false;
      place.replaceChildren(...explanation(hit, explained, this.strings));
      const trace = place.querySelector('details');
      if (trace) {
        trace.open = wasOpen;
      }
    }
  }

  judged(index: number, verdict: Verdict): void {
    for (const thumb of this.card(index)?.querySelectorAll('[data-verdict]') ?? []) {
      thumb.setAttribute('aria-pressed', String(thumb.getAttribute('data-verdict') === verdict));
    }
  }

  /** The file behind a hit turned out to be gone. */
  gone(index: number): void {
    const card = this.card(index);
    if (card && !card.classList.contains('gone')) {
      card.classList.add('gone');
      card.querySelector('.title .name')?.after(element('span', { class: 'tag stale' }, this.strings.gone));
    }
  }

  /** The order of drawing: by rank, or by file in the order of each file's best hit. */
  private ordered(): number[] {
    const ranks = this.hits.map((_, index) => index);
    if (!this.grouped) {
      return ranks;
    }
    const files = new Map<string, number[]>();
    for (const index of ranks) {
      const uri = this.hits[index]?.uri ?? '';
      files.set(uri, [...(files.get(uri) ?? []), index]);
    }
    return [...files.values()].flat();
  }

  private draw(count: number): void {
    const longest = Math.max(0, ...this.hits.slice(0, PAGE).map(gained));
    const { strings, abilities, grouped } = this;
    for (const index of this.order.slice(this.drawn, this.drawn + count)) {
      const hit = this.hits[index];
      if (hit) {
        const options = { index, grouped, longest, abilities, strings };
        this.section(hit).append(hitCard(hit, options, this.cardActs));
      }
    }
    this.drawn = Math.min(this.order.length, this.drawn + count);
    const left = this.order.length - this.drawn;
    this.more.hidden = left === 0;
    this.more.textContent = filled(this.strings.more, written(left));
    if (!this.body.querySelector('.hit-open[tabindex="0"]')) {
      this.body.querySelector('.hit-open')?.setAttribute('tabindex', '0');
    }
  }

  /** The list that the hit belongs into: its file's, made where it is the first of it. */
  private section(hit: Hit): HTMLElement {
    const last = this.body.lastElementChild;
    const key = this.grouped ? hit.uri : '';
    if (last instanceof HTMLElement && last.dataset.uri === key) {
      return last.querySelector('ol') as HTMLElement;
    }
    const slash = hit.path.lastIndexOf('/');
    const heading = element(
      'h3',
      { title: hit.path },
      isolated(shortened(hit.path.slice(slash + 1), MOST_CHARACTERS), { class: 'file' }),
      element(
        'span',
        { class: 'folder' },
        isolated(slash > 0 ? shortened(hit.path.slice(0, slash), MOST_CHARACTERS) : ''),
      ),
    );
    const list = element('ol', { 'aria-label': this.grouped ? hit.path : this.strings.results });
    this.body.append(element('div', { class: 'group', 'data-uri': key }, this.grouped && heading, list));
    return list;
  }

  private card(index: number): HTMLElement | null {
    return this.body.querySelector(`[data-index="${index}"]`);
  }

  private opener(index: number): HTMLElement | null | undefined {
    return this.card(index)?.querySelector<HTMLElement>('.hit-open');
  }

  private get focused(): number | undefined {
    const card = document.activeElement?.closest('.hit');
    return card instanceof HTMLElement && this.body.contains(card) ? Number(card.dataset.index) : undefined;
  }

  private key(event: KeyboardEvent): void {
    const index = this.focused;
    const inExplanation = event.target instanceof Element && event.target.closest('.explanation') !== null;
    if (index === undefined || event.altKey || this.isScrolling(event, inExplanation)) {
      return;
    }
    const onTool = event.target instanceof Element && event.target.closest('.tools') !== null;
    const plain = !event.ctrlKey && !event.metaKey;
    if (onTool && this.walksTools(event)) {
      event.preventDefault();
    } else if (!(onTool && (event.key === 'Enter' || event.key === ' ')) && this.handles(event, index, plain)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** Whether the key belongs to a scrollable or folded part of an explanation. */
  private isScrolling(event: KeyboardEvent, inExplanation: boolean): boolean {
    return inExplanation && event.key !== 'Escape' && event.key !== 'e' && event.key !== 'E';
  }

  private handles(event: KeyboardEvent, index: number, plain: boolean): boolean {
    const act: Record<string, () => void> = {
      ArrowDown: () => this.step(index, 1),
      ArrowUp: () => this.step(index, -1),
      PageDown: () => this.step(index, 10),
      PageUp: () => this.step(index, -10),
      Home: () => this.focusFirst(),
      End: () => this.focus(this.order[this.drawn - 1]),
      ' ': () => this.acts.open(index, { aside: false, focus: false }),
      ArrowRight: () => this.card(index)?.querySelector<HTMLElement>('.tool')?.focus(),
      Escape: () => this.acts.toQuery(),
      '/': () => this.acts.toQuery(),
      e: () => this.toggle(index),
      E: () => this.toggle(index),
      c: () => this.acts.copy(index, 'place'),
      m: () => this.acts.copy(index, 'markdown'),
      '+': () => this.judge(index, 'good'),
      '-': () => this.judge(index, 'bad'),
    };
    if (event.key === 'Enter') {
      this.acts.open(index, { aside: !plain, focus: true });
      return true;
    }
    if (!plain || !act[event.key]) {
      return false;
    }
    act[event.key]?.();
    return true;
  }

  /** The keyboard inside a toolbar: along it, and back to the hit. */
  private walksTools(event: KeyboardEvent): boolean {
    const tool = event.target as HTMLElement;
    const to = { ArrowRight: tool.nextElementSibling, ArrowLeft: tool.previousElementSibling }[event.key];
    if (to instanceof HTMLElement) {
      to.focus();
      return true;
    }
    if (event.key === 'ArrowLeft' || event.key === 'Escape') {
      this.focus(this.focused);
      return true;
    }
    return event.key === 'ArrowRight';
  }

  private step(index: number, by: number): void {
    const at = this.order.indexOf(index) + by;
    if (at < 0) {
      this.acts.toQuery();
      return;
    }
    if (at >= this.drawn) {
      this.draw(PAGE);
    }
    this.focus(this.order[Math.min(at, this.order.length - 1)]);
  }

  private judge(index: number, verdict: Verdict): void {
    if (this.abilities.judge) {
      const thumb = this.card(index)?.querySelector(`[data-verdict="${verdict}"]`);
      this.acts.judge(index, thumb?.getAttribute('aria-pressed') === 'true' ? 'none' : verdict);
    }
  }

  /** Show or hide the explanation. */
  private toggle(index: number): void {
    const place = this.card(index)?.querySelector('.explanation');
    if (place instanceof HTMLElement) {
      place.hidden = !place.hidden;
      this.card(index)?.querySelector('[data-explain]')?.setAttribute('aria-expanded', String(!place.hidden));
      if (place.hidden) {
        place.replaceChildren();
        this.focus(index);
      } else {
        place.setAttribute('aria-busy', 'true');
        this.acts.explain(index);
      }
    }
  }
}
