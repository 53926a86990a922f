-- An event file of version 1, as that version made it, with one event: to test that it is brought up to date.
CREATE TABLE word (word INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE event (
  at INTEGER PRIMARY KEY, id BLOB NOT NULL, revision INTEGER NOT NULL, route INTEGER NOT NULL,
  host TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, client BLOB NOT NULL,
  network INTEGER, country TEXT, device INTEGER, user_agent TEXT NOT NULL, sender INTEGER NOT NULL,
  action INTEGER NOT NULL, effective INTEGER NOT NULL, risk INTEGER NOT NULL, reasons TEXT NOT NULL,
  thresholds INTEGER NOT NULL, level INTEGER NOT NULL, clearance INTEGER,
  challenge_kind INTEGER, challenge_result INTEGER, log2_work INTEGER, solve_millis INTEGER,
  trickled INTEGER NOT NULL, upstream_status INTEGER, added_micros INTEGER NOT NULL
) STRICT;
CREATE INDEX event_by_id ON event (at >> 38, id);
CREATE TABLE minute (
  minute INTEGER NOT NULL, route INTEGER NOT NULL, action INTEGER NOT NULL, effective INTEGER NOT NULL,
  events INTEGER NOT NULL, issued INTEGER NOT NULL, solved INTEGER NOT NULL, failed INTEGER NOT NULL,
  added_micros INTEGER NOT NULL, PRIMARY KEY (minute, route, action, effective)
) STRICT, WITHOUT ROWID;
INSERT INTO word VALUES (1, 'a1b2c3d4e5f6'), (2, 'search'), (3, 'page'), (4, 'cachewalk'), (5, 'solved'), (6, 'desktop');
INSERT INTO event VALUES (
  1795248000000 << 20 | 7, x'00112233445566778899', 1, 2, 'shop.example', 'GET', '/search', x'c0000201',
  64500, 'DE', 6, 'Mozilla/5.0', 3, 3, 3, 60, '[["high_frequency","trigger","asks for challenge","501 of 500 in 20m"]]',
  1323600, 2, 1, 4, 5, 13, 480, 0, 200, 40
);
INSERT INTO minute VALUES (29920800, 2, 3, 3, 1, 0, 1, 0, 40);
PRAGMA user_version = 1;
