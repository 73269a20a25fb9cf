/** Where the query is typed: a combobox with completion and history, and the query's filters as chips below it. */

import { QUALIFIERS } from '../protocol';
import type { ViewStrings } from '../viewStrings';
import { button, element, filled, isolated, visible } from './dom';
import { icon } from './icons';
import { completed, filtersIn, type Suggestion, suggestionsFor, without } from './queryText';

/** The first key is asked for at once, later ones not more often than this: faster than that nobody reads. */
const INTERVAL_MS = 60;

export interface QueryActs {
  search(query: string): void;
  remember(query: string): void;
  /** Go to the hits, or open the first of them. */
  toHits(): void;
  openFirst(aside: boolean): void;
}

export class QueryBox {
  readonly element: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly list: HTMLUListElement;
  private readonly chips: HTMLElement;
  private suggestions: Suggestion[] = [];
  private chosen = -1;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = '';
  private askedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly strings: ViewStrings,
    private history: readonly string[],
    private readonly acts: QueryActs,
  ) {
    this.input = element('input', {
      id: 'query',
      type: 'text',
      role: 'combobox',
      'aria-label': strings.queryLabel,
      'aria-autocomplete': 'list',
      'aria-expanded': 'false',
      'aria-controls': 'suggestions',
      placeholder: strings.queryPlaceholder,
      autocomplete: 'off',
      spellcheck: 'false',
      dir: 'auto',
      maxlength: 16_384,
    });
    this.list = element('ul', { id: 'suggestions', role: 'listbox', 'aria-label': strings.suggestions, hidden: true });
    this.chips = element('div', { class: 'chips', role: 'group', 'aria-label': strings.filters });
    const clear = button(
      { class: 'tool clear', title: strings.clear, 'aria-label': strings.clear },
      () => this.set('', true),
      icon('close'),
    );
    this.element = element(
      'div',
      { class: 'query-box' },
      element('div', { class: 'query-line' }, this.input, clear, this.list),
      this.chips,
    );
    this.input.addEventListener('input', () => this.typed());
    this.input.addEventListener('keydown', event => this.key(event));
    this.input.addEventListener('blur', () => this.close());
    this.showChips();
  }

  get query(): string {
    return this.input.value;
  }

  focus(): void {
    this.input.focus();
  }

  /** Put another query in; `ask` it as if it had been typed. */
  set(query: string, ask: boolean): void {
    this.input.value = query;
    this.showChips();
    this.close();
    if (ask) {
      this.ask();
      this.focus();
    } else {
      this.asked = query;
    }
  }

  learn(history: readonly string[]): void {
    this.history = history;
  }

  private typed(): void {
    this.showChips();
    this.suggest();
    clearTimeout(this.timer);
    const wait = this.askedAt + INTERVAL_MS - performance.now();
    if (wait <= 0) {
      this.ask();
    } else {
      this.timer = setTimeout(() => this.ask(), wait);
    }
  }

  private ask(): void {
    clearTimeout(this.timer);
    if (this.query !== this.asked) {
      this.asked = this.query;
      this.askedAt = performance.now();
      this.acts.search(this.query);
    }
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing || !this.handles(event)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** Whether the key meant something here. */
  private handles(event: KeyboardEvent): boolean {
    const open = !this.list.hidden;
    switch (event.key) {
      case 'ArrowDown':
        if (open) {
          this.choose(this.chosen + 1);
        } else if (event.altKey || this.query === '') {
          this.suggest(true);
        } else {
          this.acts.toHits();
        }
        return true;
      case 'ArrowUp':
        if (open) {
          this.choose(this.chosen - 1);
        }
        return open;
      case 'Tab':
        return open && this.take(this.suggestions[this.chosen]);
      case 'Enter':
        if (!(open && this.take(this.suggestions[this.chosen]))) {
          this.close();
          this.ask();
          this.acts.remember(this.query);
          this.acts.openFirst(event.ctrlKey || event.metaKey);
        }
        return true;
      case 'Escape':
        if (open) {
          this.close();
        } else {
          this.set('', true);
        }
        return true;
      default:
        return false;
    }
  }

  /** Show what fits the word at the cursor; past queries as well where a person asks for them. */
  private suggest(wanted = false): void {
    const cursor = this.input.selectionStart ?? this.query.length;
    const all = suggestionsFor(this.query, cursor, this.history);
    this.suggestions = wanted ? all : all.filter(one => !one.past || this.query.length > 1);
    this.chosen = -1;
    this.list.replaceChildren(...this.suggestions.map((one, at) => this.option(one, at)));
    this.list.hidden = this.suggestions.length === 0;
    this.input.setAttribute('aria-expanded', String(!this.list.hidden));
    this.input.removeAttribute('aria-activedescendant');
  }

  private option(suggestion: Suggestion, at: number): HTMLElement {
    const note = suggestion.past && element('span', { class: 'note' }, this.strings.fromHistory);
    const option = element(
      'li',
      { id: `suggestion-${at}`, role: 'option', 'aria-selected': 'false' },
      isolated(suggestion.text),
      note,
    );
    option.addEventListener('mousedown', event => {
      event.preventDefault(); // the cursor stays in the query
      this.take(suggestion);
    });
    return option;
  }

  private choose(at: number): void {
    this.chosen = Math.max(-1, Math.min(at, this.suggestions.length - 1));
    Array.from(this.list.children).forEach((option, index) => {
      option.setAttribute('aria-selected', String(index === this.chosen));
      if (index === this.chosen) {
        option.scrollIntoView({ block: 'nearest' });
      }
    });
    if (this.chosen < 0) {
      this.input.removeAttribute('aria-activedescendant');
    } else {
      this.input.setAttribute('aria-activedescendant', `suggestion-${this.chosen}`);
    }
  }

  private take(suggestion: Suggestion | undefined): boolean {
    if (!suggestion) {
      return false;
    }
    const { query, cursor } = completed(this.query, suggestion);
    this.input.value = query;
    this.input.setSelectionRange(cursor, cursor);
    this.typed();
    if (!query.endsWith(':')) {
      this.close();
    }
    return true;
  }

  private close(): void {
    this.list.hidden = true;
    this.chosen = -1;
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
  }

  private showChips(): void {
    const chips = filtersIn(this.query).map(filter => {
      const label = filled(this.strings.removeFilter, visible(filter.text));
      const remove = () => this.set(without(this.query, filter), true);
      return button({ class: 'chip', title: label, 'aria-label': label }, remove, isolated(filter.text), icon('close'));
    });
    this.chips.replaceChildren(...chips, this.adder());
  }

  /** Begins a filter at the end of the query, to be completed there. */
  private adder(): HTMLElement {
    const choice = element(
      'select',
      { class: 'chip add', 'aria-label': this.strings.addFilterLabel },
      element('option', { value: '' }, `+ ${this.strings.addFilter}`),
      ...QUALIFIERS.flatMap(name => [
        element('option', { value: `${name}:` }, `${name}:`),
        element('option', { value: `-${name}:` }, `-${name}:`),
      ]),
    );
    choice.addEventListener('change', () => {
      this.input.value = `${this.query.trimEnd()} ${choice.value}`.trimStart();
      this.focus();
      this.input.setSelectionRange(this.query.length, this.query.length);
      this.showChips();
      this.suggest();
    });
    return choice;
  }
}
