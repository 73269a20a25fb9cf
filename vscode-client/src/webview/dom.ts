/** Makes elements. Text is only ever text here: nothing in the view is parsed as markup. */

type Child = Node | string | null | undefined | false;

export type Attributes = Record<string, string | number | boolean | undefined>;

/** An element; a `true` attribute is empty, a `false` or undefined one is left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? '' : String(value));
    }
  }
  made.append(...children.filter(child => child !== undefined && child !== null && child !== false));
  return made;
}

/** A button that does something when it is clicked or chosen by the keyboard. */
export function button(
  attributes: Attributes,
  act: (event: MouseEvent) => void,
  ...children: Child[]
): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, ...children);
  made.addEventListener('click', act);
  return made;
}

/** Text of the workspace, apart from the direction of what stands around it. */
export function isolated(text: string, attributes: Attributes = {}): HTMLElement {
  return element('bdi', attributes, visible(text));
}

/** The text with what could reorder or hide other text written out. */
export function visible(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    found => {
      const code = found.codePointAt(0) ?? 0;
      // those between letters of some scripts belong to their spelling
      return code === 0x200c || code === 0x200d ? found : `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
    },
  );
}

/** The text, or its beginning where it is longer. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** `{0}` and so on replaced. */
export function filled(text: string, ...values: (string | number)[]): string {
  return text.replace(/\{(\d+)\}/g, (whole, index) => String(values[Number(index)] ?? whole));
}

/** The number as the editor's language writes it. */
export function written(value: number, digits = 0): string {
  return value.toLocaleString(document.documentElement.lang || undefined, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
