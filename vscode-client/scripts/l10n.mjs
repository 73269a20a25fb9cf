// Collects every text that the extension shows into l10n/bundle.l10n.json, for translators; --check only compares.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { check: { type: 'boolean' } } });
const BUNDLE = 'l10n/bundle.l10n.json';
const TEXT = /l10n\.t\(\s*'((?:[^'\\]|\\.)*)'/g;

const texts = new Set();
for (const file of (await readdir('src')).filter(name => name.endsWith('.ts'))) {
  for (const [, text] of (await readFile(`src/${file}`, 'utf8')).matchAll(TEXT)) {
    texts.add(text.replaceAll("\\'", "'"));
  }
}
const bundle = `${JSON.stringify(Object.fromEntries([...texts].sort().map(text => [text, text])), null, 2)}\n`;
if (!options.check) {
  await writeFile(BUNDLE, bundle);
} else if ((await readFile(BUNDLE, 'utf8')) !== bundle) {
  process.stderr.write(`${BUNDLE} is not what the sources say: run node scripts/l10n.mjs\n`);
  process.exitCode = 1;
}
