#!/usr/bin/env node
// A server that answers what a test wrote down, in place of codeintel-server: many hits, hostile ones, a death, silence.
// The script is the JSON file beside this one's own link, named by the environment variable FAKE_SERVER.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

const script = JSON.parse(readFileSync(process.env.FAKE_SERVER, 'utf8'));
const BETTER_AFTER_MS = 500; // so that the first hits are painted by then
const wait = ms => new Promise(done => setTimeout(done, ms));

if (script.dies && !(script.untilFile && existsSync(script.untilFile))) {
  process.stderr.write(`${script.dies}\n`);
  process.exit(3);
}

const methods = ['codeintel/whyNot', 'codeintel/judge'];
const capabilities = {
  textDocumentSync: { openClose: true, change: 2 },
  hoverProvider: true,
  executeCommandProvider: { commands: ['codeintel.server.refreshScip'] },
  experimental: { codeintel: { methods } },
};
const coverage = { chunks: 2_000, meaning: 2_000, share: 1, live: 0, stale: 0 };

const answers = {
  initialize: () => ({ capabilities, serverInfo: { name: 'codeintel', version: script.version ?? '0.1.0' } }),
  shutdown: () => null,
  'codeintel/search': async ({ query, partialResultToken, limit }) => {
    const hits = script.hits.slice(0, limit);
    const stream = value => send({ method: '$/progress', params: { token: partialResultToken, value } });
    for (let start = 0; start < hits.length; start += 10) {
      stream({ hits: hits.slice(start, start + 10) });
    }
    if (script.better && query.includes('better')) {
      await wait(BETTER_AFTER_MS);
      stream({ hits: script.better, replaces: true });
    }
    return { hits: [], coverage, candidates: script.hits.length, elapsedMs: 1, plan: script.plan ?? 'text' };
  },
  'codeintel/explain': ({ textDocument }) => {
    const hit = script.hits.find(one => one.uri === textDocument.uri) ?? script.hits[0];
    const summary = hit.contributions.map(part => part.reason).join('; ');
    return { hit, rank: 1, candidates: script.hits.length, nextHit: hit, without: { bm25: 2, dense: null }, note: '', summary };
  },
  'codeintel/status': () => ({ version: '0.1.0', encoder: '', staticTable: '', encoded: 0, remembered: 0, roots: [], warnings: [] }),
  'codeintel/whyNot': () => script.whyNot,
  'codeintel/judge': () => ({ judgments: 1 }),
  'textDocument/hover': () => null,
};

function send(message) {
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
  process.stdout.write(`Content-Length: ${body.length}\r\n\r\n`);
  process.stdout.write(body);
}

async function receive(message) {
  appendFileSync(`${process.env.FAKE_SERVER}.log`, `${JSON.stringify(message)}\n`);
  if (message.method === 'exit') {
    process.exit(0);
  }
  if (message.id !== undefined && message.method) {
    await wait(script.delays?.[message.method] ?? 0);
    if (script.diesAt === message.method) {
      process.exit(4);
    }
    const answer = answers[message.method];
    send(answer ? { id: message.id, result: await answer(message.params) } : { id: message.id, error: { code: -32601, message: 'no' } });
  }
}

let buffered = Buffer.alloc(0);
process.stdin.on('data', data => {
  buffered = Buffer.concat([buffered, data]);
  for (;;) {
    const end = buffered.indexOf('\r\n\r\n');
    const length = Number(/Content-Length: (\d+)/i.exec(buffered.subarray(0, Math.max(0, end)).toString())?.[1]);
    if (end < 0 || buffered.length < end + 4 + length) {
      return;
    }
    const body = buffered.subarray(end + 4, end + 4 + length).toString();
    buffered = buffered.subarray(end + 4 + length);
    void receive(JSON.parse(body));
  }
});
process.stdin.on('end', () => process.exit(1));
