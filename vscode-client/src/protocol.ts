// Generated from codeintel/lsp/protocol.py by protocol_typescript.py beside it: change it there.

import type { Position, Range, TextDocumentIdentifier } from 'vscode-languageclient';

/** What the command `codeintel.server.whyNot` takes: a query, and what was expected among its hits. */
export interface AbsenceParams {
  /** the query that was asked */
  query: string;
  /** the file, as a `file:` URI */
  uri?: string | null;
  /** any line of the chunk, 0-based; without it, all of the file */
  line?: number | null;
  /** a name that the chunk defines or, where none does, mentions */
  symbol?: string | null;
  /** the most hits, 1 to 1000; by default the setting search.limit */
  limit?: number | null;
}

/** What one channel or prior added to a hit's score. */
export interface Contribution {
  /** the channel or prior, e.g. `bm25`, `dense`, `definition` */
  source: string;
  /** `channel` or `prior` */
  kind: string;
  /** what was added; a hit's contributions sum to its score */
  contribution: number;
  /** why, for people */
  reason: string;
  /** the channel's weight in the fusion */
  weight?: number | null;
  /** the hit's 1-based rank in the channel alone */
  rank?: number | null;
  /** the channel's own score */
  score?: number | null;
  /** the text behind it, if `explain` is true */
  evidence?: Evidence[];
}

/** How far indexing had come when the answer was computed. */
export interface Coverage {
  /** chunks that can be found by their words */
  chunks: number;
  /** chunks that can be found by their meaning as well */
  meaning: number;
  /** meaning / chunks, 0 to 1 */
  share: number;
  /** documents that have chunks */
  documents: number;
  /** those whose syntax nodes, occurrences and symbols are known */
  structured: number;
  /** documents searched as they are in the editor, unsaved */
  live: number;
  /** documents known to have changed since they were read */
  stale: number;
}

/** A piece of a hit's text behind a contribution. */
export interface Evidence {
  /** the term, token or symbol */
  text: string;
  /** where it stands in the file */
  range: Range;
  /** its part of the contribution's own score */
  share: number;
  /** the query's word that it is aligned with, in the channel `late` */
  query?: string | null;
  /** whether finding the hit did without it, on an estimate */
  imputed?: boolean;
  /** whether a model brought the term in, in the channel `splade` */
  expanded?: boolean;
}

/** What `codeintel/explain` takes: a query and a place that is, or should be, among its hits. */
export interface ExplainParams {
  /** the query whose ranking is explained */
  query: string;
  /** the file, as a `file:` URI */
  textDocument: TextDocumentIdentifier;
  /** any position in the chunk */
  position: Position;
  /** `one`, `signals` or `full`: how much `ExplainResult` says */
  depth?: string;
  /** reports work-done progress under this token */
  workDoneToken?: number | string | null;
}

/** What `codeintel/explain` answers. */
export interface ExplainResult {
  /** the chunk at the position; null where nothing there is a candidate */
  hit?: Hit | null;
  /** its 1-based rank */
  rank?: number | null;
  /** chunks that were ranked */
  candidates: number;
  /** the hit right below it; not at depth `one` */
  nextHit?: Hit | null;
  /** its rank without each channel; empty unless the depth is `full` */
  without: Record<string, number | null>;
  /** why it is no candidate, or what a channel could not look at yet; else empty */
  note: string;
  /** the explanation in one line, for people */
  summary: string;
}

/** What the command `codeintel.server.exportIdMap` takes. */
export interface ExportParams {
  /** the file to write (.parquet, .csv or .jsonl); relative to the first root, or absolute */
  path: string;
}

/** What the command `codeintel.server.exportIdMap` answers. */
export interface ExportResult {
  /** the file written */
  path: string;
  /** rows in it */
  rows: number;
}

/** What the command `codeintel.server.reindexFile` takes. */
export interface FileParams {
  /** the file, as a `file:` URI */
  uri: string;
}

/** A chunk that matched. */
export interface Hit {
  /** the file, as a `file:` URI */
  uri: string;
  /** the chunk, without the line break after its last line */
  range: Range;
  /** the file relative to its root, with `/` */
  path: string;
  /** the name of the workspace root */
  root: string;
  /** function, method, class, block, doc and so on */
  kind: string;
  /** the language's name */
  lang: string;
  /** what encloses it, e.g. `Client > send` */
  breadcrumb: string;
  /** the names that it defines */
  symbols: string[];
  /** its most telling line */
  preview: string;
  /** comparable within one answer only */
  score: number;
  /** `live` (unsaved text), `saved`, or `stale` (the file has changed since) */
  freshness: string;
  /** they sum to the score within 1e-6 */
  contributions: Contribution[];
}

/** What the reindexing commands answer. */
export interface IndexResult {
  /** files indexed */
  files: number;
  /** files read because they were new or had changed */
  changed: number;
  /** files that were gone */
  removed: number;
  /** files not indexed, by reason */
  skipped: Record<string, number>;
  /** chunks now in the index */
  chunks: number;
  /** chunks encoded for their meaning */
  encoded: number;
  /** how long it took */
  seconds: number;
}

/** What became of one indexer, or of one `index.scip` that somebody else made. */
export interface IndexerRun {
  /** the name of the workspace root */
  root: string;
  /** its name, e.g. `scip-python` */
  indexer: string;
  /** documents that it was given, or that its index has */
  copied: number;
  /** documents of which its word was taken */
  documents: number;
  /** how long it took */
  seconds: number;
  /** what it ended with; null where all is well */
  error?: string | null;
  /** what to do about that */
  remedy?: string | null;
}

/** What is being indexed right now. */
export interface IndexingStage {
  /** what is being done */
  stage: string;
  /** units done */
  done: number;
  /** units in all */
  total: number;
  /** an estimate; null until a rate is known */
  remainingSeconds?: number | null;
}

/** What `codeintel/judge` takes: whether a place answers a query, in the eyes of a person. */
export interface JudgeParams {
  /** the query that was asked */
  query: string;
  /** the file, as a `file:` URI */
  textDocument: TextDocumentIdentifier;
  /** any position in the chunk */
  position: Position;
  /** `good`, `bad`, or `none`, which takes an earlier verdict back */
  verdict: string;
}

/** What `codeintel/judge` answers. */
export interface JudgeResult {
  /** verdicts that stand in this workspace, this one among them */
  judgments: number;
}

/** What the command `codeintel.server.similar` takes. */
export interface LineParams {
  /** the file, as a `file:` URI */
  uri: string;
  /** any line of the chunk, 0-based */
  line: number;
  /** the most hits, 1 to 1000; by default the setting search.limit */
  limit?: number | null;
}

/** The value of a `$/progress` notification under a partial-result token: the next hits, in order.

    Where candidates could not be compared word by word yet, what they lack is computed and a better order follows,
    which begins with `replaces`.
     */
export interface PartialHits {
  /** best first */
  hits: Hit[];
  /** whether they take the place of all hits that came before */
  replaces?: boolean;
}

/** What the command `codeintel.server.explain` takes. */
export interface PlaceParams {
  /** the query whose ranking is explained */
  query: string;
  /** the file, as a `file:` URI */
  uri: string;
  /** any line of the chunk, 0-based */
  line: number;
}

/** What the command `codeintel.server.rebuild` takes: nothing. */
export type RebuildParams = Record<string, never>;

/** A place where a symbol is named. */
export interface Reference {
  /** the file, as a `file:` URI */
  uri: string;
  /** the name */
  range: Range;
}

/** What the command `codeintel.server.references` answers. */
export interface ReferencesResult {
  /** by root, file and place; definitions are none */
  references: Reference[];
}

/** What the command `codeintel.server.refreshScip` takes: nothing. */
export type RefreshScipParams = Record<string, never>;

/** What the command `codeintel.server.refreshScip` answers. */
export interface RefreshScipResult {
  /** one for each indexer that has documents, and each index that was found */
  runs: IndexerRun[];
}

/** What the command `codeintel.server.reindex` takes. */
export interface ReindexParams {
  /** read and chunk every file again, changed or not */
  force?: boolean;
}

/** The index of one workspace root. */
export interface RootStatus {
  /** the root's name in hits */
  name: string;
  /** its folder */
  uri: string;
  /** where its index lies; null where it is held in memory */
  indexFolder?: string | null;
  /** counts the published states of the index */
  generation: number;
  /** files indexed */
  files: number;
  /** files skipped, by reason */
  skipped: Record<string, number>;
  /** chunks that can be found by their words */
  chunks: number;
  /** files that have chunks */
  documents: number;
  /** those whose syntax nodes, occurrences and symbols are known */
  structured: number;
  /** chunks that can be found by their meaning as well */
  meaning: number;
  /** size of the index on disk */
  sizeBytes: number;
  /** ISO 8601; null where never */
  lastIndexedAt?: string | null;
  /** files by language */
  languages: Record<string, number>;
  /** documents searched as they are in the editor, unsaved */
  live: number;
  /** documents known to have changed since they were read */
  stale: number;
  /** whether another process writes the index, which this one follows */
  following: boolean;
  /** chunks with `tokens` or `terms`, where a channel asks for these */
  outputs: Record<string, number>;
}

/** What `codeintel/search` takes. */
export interface SearchParams {
  /** free text and qualifiers, e.g. `lang:python retry with backoff` */
  query: string;
  /** the most hits, 1 to 1000; by default the setting search.limit */
  limit?: number | null;
  /** whether contributions carry evidence */
  explain?: boolean;
  /** reports work-done progress under this token */
  workDoneToken?: number | string | null;
  /** streams the hits under this token; the result then has none */
  partialResultToken?: number | string | null;
}

/** What `codeintel/search` and `codeintel/similar` answer. */
export interface SearchResult {
  /** best first; empty where they were streamed */
  hits: Hit[];
  /** how complete the index was */
  coverage: Coverage;
  /** chunks that were ranked */
  candidates: number;
  /** milliseconds of search */
  elapsedMs: number;
  /** the query as it was understood */
  plan: string;
}

/** What `codeintel/similar` takes: the place whose likes are looked for. */
export interface SimilarParams {
  /** the file, as a `file:` URI */
  textDocument: TextDocumentIdentifier;
  /** any position in the chunk */
  position: Position;
  /** the most hits, 1 to 1000; by default the setting search.limit */
  limit?: number | null;
  /** reports work-done progress under this token */
  workDoneToken?: number | string | null;
  /** streams the hits under this token; the result then has none */
  partialResultToken?: number | string | null;
}

/** What the command `codeintel.server.sql` takes. */
export interface SqlParams {
  /** one SELECT of DuckDB's SQL over the views of the index */
  text: string;
  /** the most rows, 1 to 100,000 */
  maxRows?: number;
  /** the most seconds that it may take, up to 50 */
  timeoutSeconds?: number;
}

/** What the command `codeintel.server.sql` answers. */
export interface SqlResult {
  /** the names of the columns */
  columns: string[];
  /** their types, as DuckDB names them */
  types: string[];
  /** the values of each row */
  rows: unknown[][];
  /** whether there were more rows, or longer ones */
  truncated: boolean;
  /** milliseconds that the statement took */
  elapsedMs: number;
}

/** What the notification `codeintel/statusChanged` tells, for a status bar; `codeintel/status` has the rest. */
export interface StatusChanged {
  /** `indexing`, `ready`, or `trouble` (searches go on, what is new cannot be kept) */
  state: string;
  /** what is being done or what is wrong, for people; empty where nothing is */
  message: string;
  /** chunks that can be found by their words */
  chunks: number;
  /** chunks that can be found by their meaning as well */
  meaning: number;
  /** documents that have chunks */
  documents: number;
  /** those whose syntax nodes, occurrences and symbols are known */
  structured: number;
  /** documents searched as they are in the editor, unsaved */
  live: number;
  /** documents known to have changed since they were read */
  stale: number;
  /** whether another process writes an index, which this one follows */
  following: boolean;
}

/** What `codeintel/status` takes: nothing. */
export type StatusParams = Record<string, never>;

/** What `codeintel/status` answers. */
export interface StatusResult {
  /** of the server */
  version: string;
  /** the model of contextual vectors, as name@checksum */
  encoder: string;
  /** the model of static vectors, as name@checksum */
  staticTable: string;
  /** passages that the encoder has read since the server started */
  encoded: number;
  /** passages whose vectors the cache knew instead */
  remembered: number;
  /** one for each workspace root */
  roots: RootStatus[];
  /** null while nothing is being indexed */
  stage?: IndexingStage | null;
  /** bad options, repaired artifacts and the like, for people */
  warnings: string[];
}

/** What the command `codeintel.server.references` takes: any position in a symbol's name. */
export interface SymbolParams {
  /** the file, as a `file:` URI */
  uri: string;
  /** 0-based */
  line: number;
  /** in the negotiated position encoding */
  character: number;
}

/** What the command `codeintel.server.judge` takes. */
export interface VerdictParams {
  /** the query that was asked */
  query: string;
  /** the file, as a `file:` URI */
  uri: string;
  /** any line of the chunk, 0-based */
  line: number;
  /** `good`, `bad`, or `none`, which takes an earlier verdict back */
  verdict: string;
}

/** What `codeintel/whyNot` takes: a query, and what was expected among its hits.

    That is a place, a file, a symbol, or a symbol in a file.
     */
export interface WhyNotParams {
  /** the query that was asked */
  query: string;
  /** the file, as a `file:` URI */
  textDocument?: TextDocumentIdentifier | null;
  /** any position in the chunk; without it, all of the file */
  position?: Position | null;
  /** a name that the chunk defines or, where none does, mentions */
  symbol?: string | null;
  /** the most hits, 1 to 1000; by default the setting search.limit */
  limit?: number | null;
  /** reports work-done progress under this token */
  workDoneToken?: number | string | null;
}

/** What `codeintel/whyNot` answers. */
export interface WhyNotResult {
  /** `found`, `below` (ranked, not shown), `filtered` (a qualifier leaves it out), `notCandidate` (indexed, but too far from the query), `notIndexed`, `deleted`, or `unknown` (no such file, line or symbol) */
  kind: string;
  /** what happened and what to do, in sentences for people */
  note: string;
  /** its 1-based rank, where it has one */
  rank?: number | null;
  /** how many hits are shown, where the query was asked */
  shown?: number | null;
  /** what was expected, with its contributions, where it is ranked */
  hit?: Hit | null;
  /** the last hit shown, with its contributions, where it is not among them */
  lastShown?: Hit | null;
  /** the first qualifier that leaves it out, as understood */
  qualifier?: string | null;
  /** why it is left out or not indexed, as a clause for people */
  reason?: string | null;
}

/** What each custom request takes and answers. */
export interface Requests {
  'codeintel/search': [SearchParams, SearchResult];
  'codeintel/explain': [ExplainParams, ExplainResult];
  'codeintel/whyNot': [WhyNotParams, WhyNotResult];
  'codeintel/similar': [SimilarParams, SearchResult];
  'codeintel/judge': [JudgeParams, JudgeResult];
  'codeintel/status': [StatusParams, StatusResult];
}

/** What each command of the server takes and answers. */
export interface Commands {
  'codeintel.server.search': [SearchParams, SearchResult];
  'codeintel.server.explain': [PlaceParams, ExplainResult];
  'codeintel.server.whyNot': [AbsenceParams, WhyNotResult];
  'codeintel.server.judge': [VerdictParams, JudgeResult];
  'codeintel.server.reindex': [ReindexParams, IndexResult];
  'codeintel.server.reindexFile': [FileParams, IndexResult];
  'codeintel.server.rebuild': [RebuildParams, IndexResult];
  'codeintel.server.exportIdMap': [ExportParams, ExportResult];
  'codeintel.server.status': [StatusParams, StatusResult];
  'codeintel.server.similar': [LineParams, SearchResult];
  'codeintel.server.references': [SymbolParams, ReferencesResult];
  'codeintel.server.sql': [SqlParams, SqlResult];
  'codeintel.server.refreshScip': [RefreshScipParams, RefreshScipResult];
}

/** The params of each notification that the server sends. */
export interface Notifications {
  'codeintel/statusChanged': StatusChanged;
}

/** The qualifiers of the query language. */
export const QUALIFIERS = ['lang', 'path', 'kind', 'sym', 'def', 'ref', 'module'] as const;

/** The values of `kind:`. */
export const KINDS = [
  'block',
  'class',
  'constant',
  'doc',
  'enum',
  'field',
  'function',
  'impl',
  'import',
  'interface',
  'macro',
  'method',
  'module',
  'namespace',
  'struct',
  'test',
  'text',
  'trait',
  'type',
] as const;

/** The values of `lang:`. */
export const LANGUAGES = [
  'asciidoc',
  'assembly',
  'bash',
  'c',
  'clojure',
  'cmake',
  'cpp',
  'csharp',
  'css',
  'cython',
  'dart',
  'dockerfile',
  'elixir',
  'erlang',
  'fish',
  'fsharp',
  'go',
  'graphql',
  'groovy',
  'haskell',
  'hcl',
  'html',
  'ini',
  'java',
  'javascript',
  'json',
  'julia',
  'kotlin',
  'lua',
  'make',
  'markdown',
  'nix',
  'objective-c',
  'ocaml',
  'perl',
  'php',
  'powershell',
  'proto',
  'python',
  'r',
  'restructuredtext',
  'ruby',
  'rust',
  'scala',
  'scss',
  'sql',
  'svelte',
  'swift',
  'template',
  'text',
  'thrift',
  'toml',
  'tsx',
  'typescript',
  'vim',
  'vue',
  'xml',
  'yaml',
  'zig',
] as const;
