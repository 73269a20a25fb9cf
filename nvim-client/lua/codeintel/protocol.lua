---The protocol's types, which scripts/protocol_types.py writes from codeintel/lsp/protocol.py; a test compares.
---@meta

---What the command `codeintel.server.whyNot` takes: a query, and what was expected among its hits.
---@class codeintel.AbsenceParams
---@field query string the query that was asked
---@field uri? string the file, as a `file:` URI
---@field line? integer any line of the chunk, 0-based; without it, all of the file
---@field symbol? string a name that the chunk defines or, where none does, mentions
---@field limit? integer the most hits, 1 to 1000; by default the setting search.limit

---What one channel or prior added to a hit's score.
---@class codeintel.Contribution
---@field source string the channel or prior, e.g. `bm25`, `dense`, `definition`
---@field kind string `channel` or `prior`
---@field contribution number what was added; a hit's contributions sum to its score
---@field reason string why, for people
---@field weight? number the channel's weight in the fusion
---@field rank? integer the hit's 1-based rank in the channel alone
---@field score? number the channel's own score
---@field evidence? codeintel.Evidence[] the text behind it, if `explain` is true

---How far indexing had come when the answer was computed.
---@class codeintel.Coverage
---@field chunks integer chunks that can be found by their words
---@field meaning integer chunks that can be found by their meaning as well
---@field share number meaning / chunks, 0 to 1
---@field documents integer documents that have chunks
---@field structured integer those whose syntax nodes, occurrences and symbols are known
---@field live integer documents searched as they are in the editor, unsaved
---@field stale integer documents known to have changed since they were read

---A piece of a hit's text behind a contribution.
---@class codeintel.Evidence
---@field text string the term, token or symbol
---@field range lsp.Range where it stands in the file
---@field share number its part of the contribution's own score
---@field query? string the query's word that it is aligned with, in the channel `late`
---@field imputed? boolean whether finding the hit did without it, on an estimate
---@field expanded? boolean whether a model brought the term in, in the channel `splade`

---What `codeintel/explain` takes: a query and a place that is, or should be, among its hits.
---@class codeintel.ExplainParams
---@field query string the query whose ranking is explained
---@field textDocument lsp.TextDocumentIdentifier the file, as a `file:` URI
---@field position lsp.Position any position in the chunk
---@field depth? string `one`, `signals` or `full`: how much `ExplainResult` says
---@field workDoneToken? integer|string reports work-done progress under this token

---What `codeintel/explain` answers.
---@class codeintel.ExplainResult
---@field hit? codeintel.Hit the chunk at the position; null where nothing there is a candidate
---@field rank? integer its 1-based rank
---@field candidates integer chunks that were ranked
---@field nextHit? codeintel.Hit the hit right below it; not at depth `one`
---@field without table<string, integer> its rank without each channel; empty unless the depth is `full`
---@field note string why it is no candidate, or what a channel could not look at yet; else empty
---@field summary string the explanation in one line, for people

---What the command `codeintel.server.exportIdMap` takes.
---@class codeintel.ExportParams
---@field path string the file to write (.parquet, .csv or .jsonl); relative to the first root, or absolute

---What the command `codeintel.server.exportIdMap` answers.
---@class codeintel.ExportResult
---@field path string the file written
---@field rows integer rows in it

---What the command `codeintel.server.reindexFile` takes.
---@class codeintel.FileParams
---@field uri string the file, as a `file:` URI

---A chunk that matched.
---@class codeintel.Hit
---@field uri string the file, as a `file:` URI
---@field range lsp.Range the chunk, without the line break after its last line
---@field path string the file relative to its root, with `/`
---@field root string the name of the workspace root
---@field kind string function, method, class, block, doc and so on
---@field lang string the language's name
---@field breadcrumb string what encloses it, e.g. `Client > send`
---@field symbols string[] the names that it defines
---@field preview string its most telling line
---@field score number comparable within one answer only
---@field freshness string `live` (unsaved text), `saved`, or `stale` (the file has changed since)
---@field contributions codeintel.Contribution[] they sum to the score within 1e-6

---What the reindexing commands answer.
---@class codeintel.IndexResult
---@field files integer files indexed
---@field changed integer files read because they were new or had changed
---@field removed integer files that were gone
---@field skipped table<string, integer> files not indexed, by reason
---@field chunks integer chunks now in the index
---@field encoded integer chunks encoded for their meaning
---@field seconds number how long it took

---What became of one indexer, or of one `index.scip` that somebody else made.
---@class codeintel.IndexerRun
---@field root string the name of the workspace root
---@field indexer string its name, e.g. `scip-python`
---@field copied integer documents that it was given, or that its index has
---@field documents integer documents of which its word was taken
---@field seconds number how long it took
---@field error? string what it ended with; null where all is well
---@field remedy? string what to do about that

---What is being indexed right now.
---@class codeintel.IndexingStage
---@field stage string what is being done
---@field done integer units done
---@field total integer units in all
---@field remainingSeconds? number an estimate; null until a rate is known

---What `codeintel/judge` takes: whether a place answers a query, in the eyes of a person.
---@class codeintel.JudgeParams
---@field query string the query that was asked
---@field textDocument lsp.TextDocumentIdentifier the file, as a `file:` URI
---@field position lsp.Position any position in the chunk
---@field verdict string `good`, `bad`, or `none`, which takes an earlier verdict back

---What `codeintel/judge` answers.
---@class codeintel.JudgeResult
---@field judgments integer verdicts that stand in this workspace, this one among them

---What the command `codeintel.server.similar` takes.
---@class codeintel.LineParams
---@field uri string the file, as a `file:` URI
---@field line integer any line of the chunk, 0-based
---@field limit? integer the most hits, 1 to 1000; by default the setting search.limit

---The value of a `$/progress` notification under a partial-result token: the next hits, in order.
---@class codeintel.PartialHits
---@field hits codeintel.Hit[] best first
---@field replaces? boolean whether they take the place of all hits that came before

---What the command `codeintel.server.explain` takes.
---@class codeintel.PlaceParams
---@field query string the query whose ranking is explained
---@field uri string the file, as a `file:` URI
---@field line integer any line of the chunk, 0-based

---What the command `codeintel.server.rebuild` takes: nothing.
---@class codeintel.RebuildParams

---A place where a symbol is named.
---@class codeintel.Reference
---@field uri string the file, as a `file:` URI
---@field range lsp.Range the name

---What the command `codeintel.server.references` answers.
---@class codeintel.ReferencesResult
---@field references codeintel.Reference[] by root, file and place; definitions are none

---What the command `codeintel.server.refreshScip` takes: nothing.
---@class codeintel.RefreshScipParams

---What the command `codeintel.server.refreshScip` answers.
---@class codeintel.RefreshScipResult
---@field runs codeintel.IndexerRun[] one for each indexer that has documents, and each index that was found

---What the command `codeintel.server.reindex` takes.
---@class codeintel.ReindexParams
---@field force? boolean read and chunk every file again, changed or not

---The index of one workspace root.
---@class codeintel.RootStatus
---@field name string the root's name in hits
---@field uri string its folder
---@field indexFolder? string where its index lies; null where it is held in memory
---@field generation integer counts the published states of the index
---@field files integer files indexed
---@field skipped table<string, integer> files skipped, by reason
---@field chunks integer chunks that can be found by their words
---@field documents integer files that have chunks
---@field structured integer those whose syntax nodes, occurrences and symbols are known
---@field meaning integer chunks that can be found by their meaning as well
---@field sizeBytes integer size of the index on disk
---@field lastIndexedAt? string ISO 8601; null where never
---@field languages table<string, integer> files by language
---@field live integer documents searched as they are in the editor, unsaved
---@field stale integer documents known to have changed since they were read
---@field following boolean whether another process writes the index, which this one follows
---@field outputs table<string, integer> chunks with `tokens` or `terms`, where a channel asks for these

---What `codeintel/search` takes.
---@class codeintel.SearchParams
---@field query string free text and qualifiers, e.g. `lang:python retry with backoff`
---@field limit? integer the most hits, 1 to 1000; by default the setting search.limit
---@field explain? boolean whether contributions carry evidence
---@field workDoneToken? integer|string reports work-done progress under this token
---@field partialResultToken? integer|string streams the hits under this token; the result then has none

---What `codeintel/search` and `codeintel/similar` answer.
---@class codeintel.SearchResult
---@field hits codeintel.Hit[] best first; empty where they were streamed
---@field coverage codeintel.Coverage how complete the index was
---@field candidates integer chunks that were ranked
---@field elapsedMs number milliseconds of search
---@field plan string the query as it was understood

---What `codeintel/similar` takes: the place whose likes are looked for.
---@class codeintel.SimilarParams
---@field textDocument lsp.TextDocumentIdentifier the file, as a `file:` URI
---@field position lsp.Position any position in the chunk
---@field limit? integer the most hits, 1 to 1000; by default the setting search.limit
---@field workDoneToken? integer|string reports work-done progress under this token
---@field partialResultToken? integer|string streams the hits under this token; the result then has none

---What the command `codeintel.server.sql` takes.
---@class codeintel.SqlParams
---@field text string one SELECT of DuckDB's SQL over the views of the index
---@field maxRows? integer the most rows, 1 to 100,000
---@field timeoutSeconds? number the most seconds that it may take, up to 50

---What the command `codeintel.server.sql` answers.
---@class codeintel.SqlResult
---@field columns string[] the names of the columns
---@field types string[] their types, as DuckDB names them
---@field rows lsp.Any[][] the values of each row
---@field truncated boolean whether there were more rows, or longer ones
---@field elapsedMs number milliseconds that the statement took

---What the notification `codeintel/statusChanged` tells, for a status bar; `codeintel/status` has the rest.
---@class codeintel.StatusChanged
---@field state string `indexing`, `ready`, or `trouble` (searches go on, what is new cannot be kept)
---@field message string what is being done or what is wrong, for people; empty where nothing is
---@field chunks integer chunks that can be found by their words
---@field meaning integer chunks that can be found by their meaning as well
---@field documents integer documents that have chunks
---@field structured integer those whose syntax nodes, occurrences and symbols are known
---@field live integer documents searched as they are in the editor, unsaved
---@field stale integer documents known to have changed since they were read
---@field following boolean whether another process writes an index, which this one follows

---What `codeintel/status` takes: nothing.
---@class codeintel.StatusParams

---What `codeintel/status` answers.
---@class codeintel.StatusResult
---@field version string of the server
---@field encoder string the model of contextual vectors, as name@checksum
---@field staticTable string the model of static vectors, as name@checksum
---@field encoded integer passages that the encoder has read since the server started
---@field remembered integer passages whose vectors the cache knew instead
---@field roots codeintel.RootStatus[] one for each workspace root
---@field stage? codeintel.IndexingStage null while nothing is being indexed
---@field warnings string[] bad options, repaired artifacts and the like, for people

---What the command `codeintel.server.references` takes: any position in a symbol's name.
---@class codeintel.SymbolParams
---@field uri string the file, as a `file:` URI
---@field line integer 0-based
---@field character integer in the negotiated position encoding

---What the command `codeintel.server.judge` takes.
---@class codeintel.VerdictParams
---@field query string the query that was asked
---@field uri string the file, as a `file:` URI
---@field line integer any line of the chunk, 0-based
---@field verdict string `good`, `bad`, or `none`, which takes an earlier verdict back

---What `codeintel/whyNot` takes: a query, and what was expected among its hits.
---@class codeintel.WhyNotParams
---@field query string the query that was asked
---@field textDocument? lsp.TextDocumentIdentifier the file, as a `file:` URI
---@field position? lsp.Position any position in the chunk; without it, all of the file
---@field symbol? string a name that the chunk defines or, where none does, mentions
---@field limit? integer the most hits, 1 to 1000; by default the setting search.limit
---@field workDoneToken? integer|string reports work-done progress under this token

---What `codeintel/whyNot` answers.
---@class codeintel.WhyNotResult
---@field kind string `found`, `below` (ranked, not shown), `filtered` (a qualifier leaves it out), `notCandidate` (indexed, but too far from the query), `notIndexed`, `deleted`, or `unknown` (no such file, line or symbol)
---@field note string what happened and what to do, in sentences for people
---@field rank? integer its 1-based rank, where it has one
---@field shown? integer how many hits are shown, where the query was asked
---@field hit? codeintel.Hit what was expected, with its contributions, where it is ranked
---@field lastShown? codeintel.Hit the last hit shown, with its contributions, where it is not among them
---@field qualifier? string the first qualifier that leaves it out, as understood
---@field reason? string why it is left out or not indexed, as a clause for people
