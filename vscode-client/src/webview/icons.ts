/** The view's few icons, drawn with the text's colour on a grid of 16. */

const PATHS = {
  explain: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 5v4.5M8 4.4v.9',
  aside: 'M2.5 3h11v10h-11ZM8.5 3v10',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8Z',
  markdown: 'M1.5 4h13v8h-13ZM4 10V6l2 2.2L8 6v4M11.3 6v3.6M9.8 8.2l1.5 1.6 1.5-1.6',
  good: 'M2.5 7.5h2.2v6H2.5ZM4.7 7.5 7.6 2c1.2 0 1.9 1 1.6 2.2L8.7 6.4h3.8c.8 0 1.4.8 1.2 1.6l-1.1 4.4c-.2.7-.8 1.1-1.4 1.1H4.7',
  bad: 'M2.5 8.5h2.2v-6H2.5ZM4.7 8.5 7.6 14c1.2 0 1.9-1 1.6-2.2l-.5-2.2h3.8c.8 0 1.4-.8 1.2-1.6l-1.1-4.4c-.2-.7-.8-1.1-1.4-1.1H4.7',
  close: 'm4 4 8 8M12 4l-8 8',
  add: 'M8 3v10M3 8h10',
  pin: 'M5.5 2.5h5M6.5 2.5v4L4 9.5h8l-2.5-3v-4M8 9.5v4',
} as const;

export type Icon = keyof typeof PATHS;

const SVG = 'http://www.w3.org/2000/svg';

/** An icon that says nothing to a screen reader: its button has the name. */
export function icon(name: Icon): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [key, value] of Object.entries({ class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true' })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
