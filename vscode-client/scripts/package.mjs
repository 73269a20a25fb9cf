// Packs the extension into codeintel-VERSION.vsix, byte for byte the same from the same sources. What goes in is named
// here, so that nothing else can. With --with-server it takes bundled/libs along and is for this platform alone.
import { createWriteStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { ZipFile } from 'yazl';

const { values: options } = parseArgs({ options: { 'with-server': { type: 'boolean' }, out: { type: 'string' } } });
const manifest = JSON.parse(await readFile('package.json', 'utf8'));
const texts = JSON.parse(await readFile('package.nls.json', 'utf8'));
const target = options['with-server'] ? `${process.platform}-${process.arch}` : undefined;
const out = options.out ?? `codeintel-${manifest.version}${target ? `-${target}` : ''}.vsix`;

const folders = ['dist', 'l10n', 'media', 'walkthrough', ...(target ? ['bundled'] : ['bundled/launch.py'])];
const names = ['package.json', 'package.nls.json', 'README.md', 'CHANGELOG.md', '../LICENSE', '../NOTICE'];

async function filesIn(path) {
  if (!(await stat(path)).isDirectory()) {
    return [path];
  }
  const entries = (await readdir(path)).sort();
  return (await Promise.all(entries.map(entry => filesIn(join(path, entry))))).flat();
}

const escaped = text => text.replace(/[&<>"]/g, found => `&#${found.charCodeAt(0)};`);
const translated = text => text.replace(/^%(.*)%$/, (_, key) => texts[key]);

const description = `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${manifest.name}" Version="${manifest.version}" Publisher="${manifest.publisher}"${
      target ? ` TargetPlatform="${target}"` : ''
    }/>
    <DisplayName>${escaped(translated(manifest.displayName))}</DisplayName>
    <Description xml:space="preserve">${escaped(translated(manifest.description))}</Description>
    <Tags>${escaped(manifest.keywords.join(','))}</Tags>
    <Categories>${escaped(manifest.categories.join(','))}</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${manifest.engines.vscode}"/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="${manifest.extensionKind.join(',')}"/>
    </Properties>
    <License>extension/LICENSE.txt</License>
    <Icon>extension/${manifest.icon}</Icon>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Changelog" Path="extension/CHANGELOG.md" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE.txt" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Icons.Default" Path="extension/${manifest.icon}" Addressable="true"/>
  </Assets>
</PackageManifest>
`;

const types = {
  css: 'text/css',
  js: 'application/javascript',
  json: 'application/json',
  md: 'text/markdown',
  png: 'image/png',
  py: 'text/x-python',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  vsixmanifest: 'text/xml',
};

const zip = new ZipFile();
const fixed = { mtime: new Date(1980, 0, 1), mode: 0o100644 };
const add = (text, name) => zip.addBuffer(Buffer.from(text), name, fixed);
add(description, 'extension.vsixmanifest');
const endings = new Set(['vsixmanifest']);
for (const path of [...names, ...(await Promise.all(folders.map(filesIn))).flat()]) {
  const name = path === '../LICENSE' ? 'LICENSE.txt' : path === '../NOTICE' ? 'NOTICE.txt' : path;
  endings.add(extname(name).slice(1));
  add(await readFile(path), `extension/${name.replaceAll('\\', '/')}`);
}
const defaults = [...endings]
  .filter(Boolean)
  .sort()
  .map(one => `<Default Extension=".${one}" ContentType="${types[one] ?? 'application/octet-stream'}"/>`);
add(
  `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${defaults.join('')}</Types>
`,
  '[Content_Types].xml',
);
zip.end();
await pipeline(zip.outputStream, createWriteStream(out));
process.stdout.write(`${out}: ${(await stat(out)).size.toLocaleString('en')} bytes\n`);
