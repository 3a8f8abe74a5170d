BEGIN TRANSACTION;
CREATE TABLE aliases (
    alias TEXT PRIMARY KEY, paper INTEGER NOT NULL REFERENCES papers) WITHOUT ROWID;
INSERT INTO "aliases" VALUES('arxiv:2101.00001',1);
INSERT INTO "aliases" VALUES('arxiv:2103.00003',3);
INSERT INTO "aliases" VALUES('title:bells-drift-out-of-tune',3);
INSERT INTO "aliases" VALUES('title:kelp-shelters-young-crabs',1);
CREATE TABLE changes (
    import INTEGER NOT NULL REFERENCES imports, paper INTEGER NOT NULL, record TEXT,
    aliases TEXT NOT NULL DEFAULT '[]', became INTEGER, PRIMARY KEY (import, paper))
    WITHOUT ROWID;
INSERT INTO "changes" VALUES(1,1,NULL,'[]',NULL);
INSERT INTO "changes" VALUES(2,3,NULL,'[]',NULL);
CREATE TABLE imports (
    number INTEGER PRIMARY KEY, began TEXT NOT NULL, names TEXT NOT NULL,
    new INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0,
    complete INTEGER NOT NULL DEFAULT 0, undone INTEGER NOT NULL DEFAULT 0);
INSERT INTO "imports" VALUES(1,'2026-11-26T15:20:47+00:00','["first.jsonl"]',2,0,1,0);
INSERT INTO "imports" VALUES(2,'2026-11-26T15:20:50+00:00','["second.jsonl"]',1,0,1,0);
INSERT INTO "imports" VALUES(3,'2026-11-26T15:20:50+00:00','["third.jsonl"]',1,0,1,1);
CREATE TABLE map (
    revision TEXT PRIMARY KEY, numbers BLOB NOT NULL, positions BLOB NOT NULL,
    clusters BLOB NOT NULL, labels TEXT NOT NULL) WITHOUT ROWID
;
INSERT INTO "map" VALUES('1:5',X'01000000000000000300000000000000',X'0000803F00000000000000000000803F',X'00000000000000000000000000000000','[{"text": "young, twice, tune", "x": 0.5, "y": 0.5}]');
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('dimensions','8');
INSERT INTO "meta" VALUES('embedder','token-words');
INSERT INTO "meta" VALUES('generation','6');
INSERT INTO "meta" VALUES('newest','4');
INSERT INTO "meta" VALUES('published','5');
INSERT INTO "meta" VALUES('retired','4');
INSERT INTO "meta" VALUES('revision','5');
INSERT INTO "meta" VALUES('schema','1');
CREATE TABLE papers (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, year INTEGER, record TEXT NOT NULL,
    sentences TEXT NOT NULL DEFAULT '[]');
INSERT INTO "papers" VALUES(1,'arxiv:2101.00001',2021,'{"id": "arxiv:2101.00001", "title": "Kelp shelters young crabs", "abstract": "We counted crabs under kelp. Twice as many lived there as on bare rock.", "authors": [], "published": "2021-01-05", "url": null, "venue": null, "source": null, "author_count": null, "note": null, "aliases": ["arxiv:2101.00001", "title:kelp-shelters-young-crabs"], "listings": []}','[[0, 28], [29, 71]]');
INSERT INTO "papers" VALUES(3,'arxiv:2103.00003',2022,'{"id": "arxiv:2103.00003", "title": "Bells drift out of tune", "abstract": "Old bells sound lower each decade. Frost explains most of the drift.", "authors": [], "published": "2022-03-04", "url": null, "venue": null, "source": null, "author_count": null, "note": null, "aliases": ["arxiv:2103.00003", "title:bells-drift-out-of-tune"], "listings": []}','[[0, 34], [35, 68]]');
CREATE TABLE passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, paper INTEGER NOT NULL REFERENCES papers,
    first INTEGER NOT NULL, last INTEGER NOT NULL, vector BLOB NOT NULL);
INSERT INTO "passages" VALUES(1,1,0,71,X'81388E3E30FAD43E30FAD43E30FAD43E81388E3E0823B53AA4ED0E3EF0DD0D3F');
INSERT INTO "passages" VALUES(3,3,0,68,X'7FE88C3E7FE88C3EC48E0C3FF69B0D3E079C2F3FF69B0D3EF69B0D3EF69B0D3E');
CREATE TABLE staged (
    passage INTEGER PRIMARY KEY, embedder TEXT NOT NULL, vector BLOB NOT NULL);
INSERT INTO "staged" VALUES(1,'another',X'00000000');
CREATE TABLE taken_aliases(
  taking,
  alias TEXT,
  paper INT
);
INSERT INTO "taken_aliases" VALUES(1,'arxiv:2105.00001',4);
INSERT INTO "taken_aliases" VALUES(1,'title:tides-of-harbour1',4);
INSERT INTO "taken_aliases" VALUES(2,'arxiv:2102.00002',2);
INSERT INTO "taken_aliases" VALUES(2,'title:moss-keeps-roofs-cool',2);
CREATE TABLE taken_changes(
  taking,
  import INT,
  paper INT,
  record TEXT,
  aliases TEXT,
  became INT
);
INSERT INTO "taken_changes" VALUES(1,3,4,NULL,'[]',NULL);
INSERT INTO "taken_changes" VALUES(2,1,2,NULL,'[]',NULL);
CREATE TABLE taken_numbers (taking INTEGER NOT NULL, paper INTEGER NOT NULL);
INSERT INTO "taken_numbers" VALUES(1,4);
INSERT INTO "taken_numbers" VALUES(2,2);
CREATE TABLE taken_papers(
  taking,
  number INT,
  id TEXT,
  year INT,
  record TEXT,
  sentences TEXT
);
INSERT INTO "taken_papers" VALUES(1,4,'arxiv:2105.00001',2021,'{"id": "arxiv:2105.00001", "title": "Tides of harbour1", "abstract": "We measured harbour1 from quay1 by boat1. Its tide rose 1 times, as gull1 and crab1 say.", "authors": [], "published": "2021-05-04", "url": null, "venue": null, "source": null, "author_count": null, "note": null, "aliases": ["arxiv:2105.00001", "title:tides-of-harbour1"], "listings": []}','[[0, 41], [42, 88]]');
INSERT INTO "taken_papers" VALUES(2,2,'arxiv:2102.00002',2021,'{"id": "arxiv:2102.00002", "title": "Moss keeps roofs cool", "abstract": "Roofs with moss stayed cooler at noon. The effect was small in winter.", "authors": [], "published": "2021-02-03", "url": null, "venue": null, "source": null, "author_count": null, "note": null, "aliases": ["arxiv:2102.00002", "title:moss-keeps-roofs-cool"], "listings": []}','[[0, 38], [39, 70]]');
CREATE TABLE taken_passages(
  taking,
  number INT,
  paper INT,
  "first" INT,
  "last" INT,
  vector
);
INSERT INTO "taken_passages" VALUES(1,4,4,0,88,X'7913053E8016043F8016043FD36A843EE94BC63ED36A843E7913053EE94BC63E');
INSERT INTO "taken_passages" VALUES(2,2,2,0,70,X'32529C3E4B191D3E4B191D3E32529C3EBF17EA3E32529C3EA7EE1B3F32529C3E');
CREATE TABLE taken_tokens(
  taking,
  passage INT,
  paper INT,
  reader TEXT,
  sentences,
  vectors
);
INSERT INTO "taken_tokens" VALUES(1,4,4,'token-words',X'FFFFFFFFFFFF00000000000000000000000000000100010001000100010001000100010001000100',X'0101017F0101010101017F0101010101017F010101010101017F01010101010101017F0101010101017F0101010101017F010101010101010101010101017F0101017F010101010101017F0101010101017F010101010101010101017F010101010101017F010101010101010101017F010101017F010101010101010101017F0101017F0101010101010101017F0101010101010101017F01010101017F0101');
INSERT INTO "taken_tokens" VALUES(2,2,2,'token-words',X'FFFFFFFFFFFFFFFF0000000000000000000000000000010001000100010001000100',X'010101017F0101010101017F0101010101010101017F0101010101010101017F01010101017F01010101010101017F01010101017F010101017F0101010101017F01010101010101010101017F0101010101010101017F010101010101017F0101017F0101010101010101010101017F0101017F010101010101010101017F017F01010101010101');
CREATE TABLE takings (
    number INTEGER PRIMARY KEY, began TEXT NOT NULL, import INTEGER, names TEXT NOT NULL,
    papers INTEGER NOT NULL, changed INTEGER NOT NULL);
INSERT INTO "takings" VALUES(1,'2026-11-26T15:20:51+00:00',3,'["third.jsonl"]',1,0);
INSERT INTO "takings" VALUES(2,'2026-11-26T15:20:51+00:00',NULL,'["Moss keeps roofs cool"]',1,0);
CREATE TABLE tokens (
    passage INTEGER PRIMARY KEY REFERENCES passages, paper INTEGER NOT NULL,
    reader TEXT NOT NULL, sentences BLOB NOT NULL, vectors BLOB NOT NULL);
INSERT INTO "tokens" VALUES(1,1,'token-words',X'FFFFFFFFFFFFFFFF00000000000000000000010001000100010001000100010001000100',X'01017F0101010101010101010101017F010101010101017F0101017F01010101017F010101010101017F0101010101010101017F01010101010101017F01010101017F01010101010101017F01010101010101010101017F010101017F010101017F0101010101010101010101017F01010101010101017F7F010101010101017F0101010101010101017F0101010101');
INSERT INTO "tokens" VALUES(3,3,'token-words',X'FFFFFFFFFFFFFFFFFFFF000000000000000000000000010001000100010001000100',X'7F01010101010101010101017F010101017F01010101010101017F010101010101017F010101010101010101017F01017F01010101010101010101017F0101010101017F01010101010101017F010101010101017F01010101017F0101010101017F010101010101010101010101017F01017F01010101010101010101017F01010101017F010101');
CREATE INDEX papers_by_year ON papers (year);
CREATE INDEX passages_by_paper ON passages (paper);
CREATE INDEX tokens_by_paper ON tokens (paper, reader);
CREATE INDEX tokens_by_reader ON tokens (reader);
CREATE INDEX changes_by_paper ON changes (paper);
CREATE INDEX changes_by_became ON changes (became);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('passages',4);
COMMIT;
