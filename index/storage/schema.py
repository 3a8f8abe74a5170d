"""The tables of a catalog, and how a library of an earlier version is brought up to date.

To change the tables, add a script to ``MIGRATIONS``; those that stand there never change. Each
runs once, in the transaction that opens a library of an earlier version.
"""

from footnote.index.storage.database import Schema

_PAPERS = """
CREATE TABLE IF NOT EXISTS papers (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, year INTEGER, record TEXT NOT NULL,
    sentences TEXT NOT NULL DEFAULT '[]');
CREATE INDEX IF NOT EXISTS papers_by_year ON papers (year);
CREATE TABLE IF NOT EXISTS aliases (
    alias TEXT PRIMARY KEY, paper INTEGER NOT NULL REFERENCES papers) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, paper INTEGER NOT NULL REFERENCES papers,
    first INTEGER NOT NULL, last INTEGER NOT NULL, vector BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS passages_by_paper ON passages (paper);
CREATE TABLE IF NOT EXISTS staged (
    passage INTEGER PRIMARY KEY, embedder TEXT NOT NULL, vector BLOB NOT NULL)
"""
_TOKENS = """
CREATE TABLE IF NOT EXISTS tokens (
    passage INTEGER PRIMARY KEY REFERENCES passages, paper INTEGER NOT NULL,
    reader TEXT NOT NULL, sentences BLOB NOT NULL, vectors BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS tokens_by_paper ON tokens (paper, reader);
CREATE INDEX IF NOT EXISTS tokens_by_reader ON tokens (reader)
"""
_IMPORTS = """
CREATE TABLE IF NOT EXISTS imports (
    number INTEGER PRIMARY KEY, began TEXT NOT NULL, names TEXT NOT NULL,
    new INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0,
    complete INTEGER NOT NULL DEFAULT 0, undone INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS changes (
    import INTEGER NOT NULL REFERENCES imports, paper INTEGER NOT NULL, record TEXT,
    aliases TEXT NOT NULL DEFAULT '[]', became INTEGER, PRIMARY KEY (import, paper))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS changes_by_paper ON changes (paper);
CREATE INDEX IF NOT EXISTS changes_by_became ON changes (became)
"""
_MAP = """
CREATE TABLE IF NOT EXISTS map (
    revision TEXT PRIMARY KEY, numbers BLOB NOT NULL, positions BLOB NOT NULL,
    clusters BLOB NOT NULL, labels TEXT NOT NULL) WITHOUT ROWID
"""
# Columns of which rows are kept when papers are removed, in the order in which they are restored.
REMOVED = {
    "papers": "number, id, year, record, sentences",
    "aliases": "alias, paper",
    "passages": "number, paper, first, last, vector",
    "tokens": "passage, paper, reader, sentences, vectors",
    "changes": "import, paper, record, aliases, became",
}
_REMOVALS = """
CREATE TABLE IF NOT EXISTS takings (
    number INTEGER PRIMARY KEY, began TEXT NOT NULL, import INTEGER, names TEXT NOT NULL,
    papers INTEGER NOT NULL, changed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS taken_numbers (taking INTEGER NOT NULL, paper INTEGER NOT NULL);
""" + ";".join(
    f"CREATE TABLE IF NOT EXISTS taken_{table} AS SELECT 0 AS taking, {columns} FROM {table} "
    "WHERE 0"
    for table, columns in REMOVED.items()
)
# Ordering 20,000 papers by their titles takes 115 ms without it.
_TITLES = """
CREATE INDEX IF NOT EXISTS papers_by_title ON papers (
    json_extract(record, '$.title') COLLATE NOCASE)
"""
# What the indexes lack, as ``Backlog`` reads it: a passage that comes and goes cancels out. A
# library of an earlier version has its words written anew; its collection stays if it was whole.
# No OR IGNORE in a trigger: the statement that fires it would decide over conflicts.
_BACKLOG = """
CREATE TABLE IF NOT EXISTS unfolded (passage INTEGER PRIMARY KEY, change INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS undescribed (paper INTEGER PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS unwritten (paper INTEGER PRIMARY KEY);
CREATE TRIGGER IF NOT EXISTS passage_came AFTER INSERT ON passages
BEGIN
    INSERT INTO unfolded VALUES (new.number, 1)
        ON CONFLICT (passage) DO UPDATE SET change = change + 1;
    DELETE FROM unfolded WHERE passage = new.number AND change = 0;
END;
CREATE TRIGGER IF NOT EXISTS passage_went AFTER DELETE ON passages
BEGIN
    INSERT INTO unfolded VALUES (old.number, -1)
        ON CONFLICT (passage) DO UPDATE SET change = change - 1;
    DELETE FROM unfolded WHERE passage = old.number AND change = 0;
END;
CREATE TRIGGER IF NOT EXISTS paper_came AFTER INSERT ON papers
BEGIN
    INSERT INTO unwritten VALUES (new.number) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER IF NOT EXISTS paper_changed AFTER UPDATE OF record ON papers
WHEN old.record != new.record
BEGIN
    INSERT INTO unwritten VALUES (new.number) ON CONFLICT DO NOTHING;
    INSERT INTO undescribed
        SELECT new.number, CAST(value AS INTEGER) FROM meta WHERE key = 'revision'
        ON CONFLICT (paper) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER IF NOT EXISTS paper_went AFTER DELETE ON papers
BEGIN
    INSERT INTO unwritten VALUES (old.number) ON CONFLICT DO NOTHING;
END;
CREATE INDEX IF NOT EXISTS papers_uncut ON papers (number) WHERE sentences = '';
INSERT OR IGNORE INTO unwritten SELECT number FROM papers;
INSERT OR IGNORE INTO unfolded SELECT number, 1 FROM passages WHERE {BEHIND};
UPDATE meta SET value = CAST(value + 1 AS TEXT) WHERE key = 'generation' AND {BEHIND}
""".replace(
    "{BEHIND}",
    "(SELECT value FROM meta AS one WHERE one.key = 'published') IS NOT "
    "(SELECT value FROM meta AS other WHERE other.key = 'revision')",
)
# Who has an identifier beside the paper that owns it: handing it on read every record, 1.6 s at
# 100,000 papers.
_CLAIMS = """
CREATE TABLE IF NOT EXISTS claims (
    alias TEXT NOT NULL, paper INTEGER NOT NULL, PRIMARY KEY (alias, paper)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS claims_by_paper ON claims (paper);
INSERT OR IGNORE INTO claims
    SELECT value, number FROM papers, json_each(papers.record, '$.aliases');
CREATE TRIGGER IF NOT EXISTS paper_claims AFTER INSERT ON papers
BEGIN
    INSERT INTO claims SELECT value, new.number FROM json_each(new.record, '$.aliases')
        WHERE 1 ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER IF NOT EXISTS paper_claims_others AFTER UPDATE OF record ON papers
WHEN old.record != new.record
BEGIN
    DELETE FROM claims WHERE paper = old.number;
    INSERT INTO claims SELECT value, new.number FROM json_each(new.record, '$.aliases')
        WHERE 1 ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER IF NOT EXISTS paper_claims_nothing AFTER DELETE ON papers
BEGIN
    DELETE FROM claims WHERE paper = old.number;
END
"""
# Where papers were read from. Of an earlier library what names its own place is known; the folder
# that other names are relative to is not.
_ORIGINS = """
CREATE TABLE IF NOT EXISTS origins (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, columns TEXT NOT NULL DEFAULT '',
    import INTEGER, seen TEXT);
CREATE TABLE IF NOT EXISTS given (
    origin INTEGER NOT NULL, paper INTEGER NOT NULL, PRIMARY KEY (origin, paper)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS given_by_paper ON given (paper);
INSERT OR IGNORE INTO origins (name, import)
    SELECT value, max(imports.number) FROM imports, json_each(imports.names)
    WHERE NOT undone AND (value GLOB '/*' OR value GLOB '[A-Za-z]:[/\\]*'
    OR value GLOB 'http://*' OR value GLOB 'https://*') GROUP BY value
"""
# Keys of papers by title, to find those like a record; ``TitleIndex`` fills it.
_TITLE_KEYS = """
CREATE TABLE IF NOT EXISTS title_keys (
    key INTEGER NOT NULL, paper INTEGER NOT NULL, PRIMARY KEY (key, paper)) WITHOUT ROWID
"""
# Records as they came, of papers that several sources make, which paper became another, and which
# record was split off; each of an import, and gone as long as that is undone.
_PARTS = """
CREATE TABLE IF NOT EXISTS parts (
    paper INTEGER NOT NULL, key TEXT NOT NULL, import INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (paper, key, import)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS joined (
    became INTEGER NOT NULL, paper INTEGER NOT NULL, import INTEGER NOT NULL,
    PRIMARY KEY (became, paper, import)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parted (
    paper INTEGER NOT NULL, key TEXT NOT NULL, import INTEGER NOT NULL,
    PRIMARY KEY (paper, key, import)) WITHOUT ROWID
"""
# What a paper of an earlier library says of itself, in the plainest of the words that
# ``find_status`` knows; its source, read again, says the rest.
_STATUS = """
UPDATE papers SET record = json_set(record, '$.status', 'retracted') WHERE
    json_extract(record, '$.title') LIKE 'retracted:%'
    OR json_extract(record, '$.title') LIKE 'retracted article:%'
    OR json_extract(record, '$.title') LIKE '[retracted]%'
    OR json_extract(record, '$.title') LIKE '%(retracted%)';
UPDATE papers SET record = json_set(record, '$.status', 'withdrawn') WHERE
    json_extract(record, '$.title') LIKE 'withdrawn:%'
    OR json_extract(record, '$.title') LIKE '%(withdrawn)'
    OR json_extract(record, '$.abstract') LIKE '%this paper has been withdrawn%'
    OR json_extract(record, '$.abstract') LIKE '%this article has been withdrawn%'
    OR json_extract(record, '$.abstract') LIKE '%this submission has been withdrawn%'
"""
# Numbers of vectors have 20 bits now, and tokens may be codes, which earlier code would misread: it
# refuses a file of this version. The other index of tokens counts a reader's as well.
_COMPACT = """
DROP INDEX IF EXISTS tokens_by_reader
"""
MIGRATIONS = (
    _PAPERS, _TOKENS, _IMPORTS, _MAP, _REMOVALS, _TITLES, _BACKLOG, _CLAIMS, _ORIGINS, _TITLE_KEYS,
    _PARTS, _STATUS, _COMPACT,
)  # fmt: skip

CATALOG = Schema(
    holds="catalog",
    migrations=MIGRATIONS,
    renewal="index the sources again into a new library",
    rescue="restore it, or move the library away and index again",
    settings={"generation": "0", "compacted": "all"},
)
