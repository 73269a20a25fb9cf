// Bundles the extension and its view into dist/, and with --tests the unit and extension-host tests into build/.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values: options } = parseArgs({ options: { tests: { type: 'boolean' } } });
const shared = { bundle: true, logLevel: 'warning', legalComments: 'none' };
const inNode = { ...shared, platform: 'node', target: 'node20', format: 'cjs', external: ['vscode'] };

await rm('dist', { recursive: true, force: true });
const { metafile } = await build({
  ...inNode,
  entryPoints: ['src/extension.ts'],
  outfile: 'dist/extension.js',
  minify: true,
  metafile: true,
});
await build({
  ...shared,
  entryPoints: ['src/webview/main.ts', 'src/webview/view.css'],
  outdir: 'dist',
  entryNames: 'view',
  minify: true,
  platform: 'browser',
  target: 'chrome128',
  format: 'iife',
});
await writeFile('dist/licenses.txt', await licensesOf(Object.keys(metafile.inputs)));

if (options.tests) {
  await rm('build/test', { recursive: true, force: true });
  await build({
    ...inNode,
    entryPoints: ['test/unit/*.test.ts'],
    outdir: 'build/test',
    outExtension: { '.js': '.cjs' },
  });
  await build({ ...inNode, entryPoints: ['test/host/index.ts'], outfile: 'build/host/index.js' });
}

/** The licences of the packages that became part of the bundle, as they ask for. */
async function licensesOf(inputs) {
  const packages = inputs.map(path => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean);
  const texts = [...new Set(packages)].sort().map(async folder => {
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    const file = (await readdir(folder)).find(entry => /^licen[cs]e/i.test(entry));
    const text = file ? await readFile(`${folder}/${file}`, 'utf8') : '';
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}
