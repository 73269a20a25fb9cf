// Servers that answer by a script, and the hits in it.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './editor.mjs';

const FAKE = join(ROOT, 'tests/editors/vscode/fake_server.mjs');

/** A program that serves this script; what it heard is read with `heard`. */
export async function scriptedServer(folder, script) {
  await mkdir(folder, { recursive: true });
  const answers = join(folder, 'answers.json');
  const program = join(folder, 'codeintel-server');
  await writeFile(answers, JSON.stringify({ hits: [], ...script }));
  await writeFile(program, `#!/bin/sh\nFAKE_SERVER='${answers}' exec '${process.execPath}' '${FAKE}' "$@"\n`);
  await chmod(program, 0o755);
  return program;
}

/** The params of every message of a method that the server got. */
export async function heard(program, method) {
  const text = await readFile(program.replace(/codeintel-server$/, 'answers.json.log'), 'utf8').catch(() => '');
  const messages = text.split('\n').filter(Boolean).map(line => JSON.parse(line));
  return messages.filter(message => message.method === method).map(message => message.params);
}

export function hit(path, more = {}) {
  const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 10 } };
  return {
    uri: `file:///${path.split('/').map(encodeURIComponent).join('/')}`,
    range,
    path,
    root: 'workspace',
    kind: 'function',
    lang: 'python',
    breadcrumb: path,
    symbols: [],
    preview: 'def f():',
    score: 1,
    freshness: 'saved',
    contributions: [contribution('bm25', 0.7, 'matching words, rank 1'), contribution('dense', 0.3, 'similar meaning, rank 2')],
    ...more,
  };
}

export function contribution(source, added, reason, evidence = []) {
  return { source, kind: 'channel', contribution: added, reason, weight: 1, rank: 1, score: added, evidence };
}
