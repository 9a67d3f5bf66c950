"""The schema of the state, as numbered migrations: a released one is never edited, a later one changes what it made.

In the columns stand ids, states, instants, member ids and keyed tags; everything else of a row is one `sealed` value
(`store.sealing`), save for the ledger entries, whose public fields are what the leaf commits to (PROTOCOL section 6).
Long rows stand in the order they came, and only a narrow index is ordered by their random ids: a batch then dirties few
pages, which is most of what a commit costs (measured: 115 µs an entry,
230 otherwise).
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("spsti-connector")

KNOWN = frozenset(
    {
        "m001_state",
        "m002_oppositions",
        "m003_identities",
        "m004_limits",
        "m005_four_eyes",
        "m006_evidence",
        "m007_sign_in",
        "m008_witness",
        "m009_retention",
        "m010_kept_lists",
        "m011_seen_heads",
        "m012_fetch_readers",
        "m013_journal_of_a_peer",
        "m014_told_gaps",
        "m015_list_acceptances",
        "m016_counted_by_peer",
    }
)
"""Every migration that this version knows: a database that has seen others is not opened."""

_TABLES_1 = (
    # One row per fact about the state itself: its member, the check of its keys, the highest clock ever stored.
    "create table facts (name text primary key, value) without rowid",
    # ---- ledgers. `id` is the order over both trees; `sealed` and `wrapped_key` end with their epoch's key.
    """create table entries (
        id integer primary key,
        tree text not null, idx integer not null, leaf_hash blob not null,
        type text not null, at integer not null, peer text, mandate_sha256 blob, outcome text, reason text,
        document_sha256 blob, personal_sha256 blob not null, ref text not null,
        epoch text not null, wrapped_key blob not null, sealed blob not null
    ) strict""",
    "create unique index entries_by_index on entries (tree, idx)",
    "create index entries_by_ref on entries (ref) where ref <> ''",
    "create index entries_by_time on entries (tree, at)",
    """create table entry_workers (
        tag blob not null, tree text not null, idx integer not null, primary key (tag, tree, idx)
    ) strict, without rowid""",
    """create table nodes (
        tree text not null, level integer not null, idx integer not null, hash blob not null,
        primary key (tree, level, idx)
    ) strict, without rowid""",
    """create table checkpoints (
        tree text not null, size integer not null, note text not null, primary key (tree, size)
    ) strict, without rowid""",
    # ---- holder
    """create table used_mandates (
        issuer text not null, jti text not null, expires_at integer not null, primary key (issuer, jti)
    ) strict, without rowid""",
    "create index used_mandates_by_end on used_mandates (expires_at)",
    """create table announcements (
        number integer primary key, id text not null unique, requester text not null, expires_at integer not null,
        sealed blob not null
    ) strict""",
    "create index announcements_by_end on announcements (expires_at)",
    # A purged handover stays without its sealed value until no acknowledgement can come any more.
    """create table handovers (
        id text primary key, announcement_id text not null, requester text not null, state text not null,
        expires_at integer not null, purged_at integer, sealed blob, sealed_ack blob
    ) strict, without rowid""",
    "create unique index handovers_by_announcement on handovers (announcement_id) where purged_at is null",
    "create index handovers_by_end on handovers (expires_at) where purged_at is null",
    "create index handovers_by_purge on handovers (purged_at) where purged_at is not null",
    """create table handover_receipts (
        handover_id text not null references handovers (id) on delete cascade, sha256 blob not null,
        primary key (handover_id, sha256)
    ) strict, without rowid""",
    # ---- requester. `number` is the order in which fetches were prepared.
    """create table fetches (
        number integer primary key, id text not null unique, state text not null, owner_tag blob not null,
        due_at integer, sealed blob not null
    ) strict""",
    "create index fetches_by_owner on fetches (owner_tag, number)",
    "create index fetches_by_state on fetches (state)",
    "create index fetches_by_due on fetches (due_at) where due_at is not null",
    """create table fetch_events (
        fetch_id text not null references fetches (id) on delete cascade, number integer not null,
        sealed blob not null, primary key (fetch_id, number)
    ) strict, without rowid""",
    """create table idempotency (
        tag blob primary key, body_sha256 blob not null,
        fetch_id text not null references fetches (id) on delete cascade
    ) strict, without rowid""",
    "create index idempotency_by_fetch on idempotency (fetch_id)",
    # ---- outboxes
    """create table acks (
        handover_id text primary key, fetch_id text not null, idx integer not null, attempts integer not null,
        due_at integer not null, sealed blob not null
    ) strict, without rowid""",
    "create index acks_by_due on acks (due_at)",
    """create table traces (
        number integer primary key, id text not null unique, attempts integer not null, due_at integer not null,
        sealed blob not null
    ) strict""",
    "create index traces_by_due on traces (due_at)",
)


@migrations()
def m001_state(db: Database) -> None:
    """Make every table of the first version."""
    for statement in _TABLES_1:
        db.execute(statement)


_TABLES_2 = (
    # The register of oppositions (R4624-45-6). `due` says what the vendor's software does not have yet.
    """create table oppositions (
        number integer primary key, id text not null unique, tag blob not null, kind text not null,
        stands integer not null, due text, sealed blob not null
    ) strict""",
    "create index oppositions_by_worker on oppositions (tag, kind)",
    "create unique index oppositions_standing on oppositions (tag, kind) where stands = 1",
    "create index oppositions_by_due on oppositions (number) where due is not null",
)


@migrations()
def m002_oppositions(db: Database) -> None:
    """Make the register of oppositions."""
    for statement in _TABLES_2:
        db.execute(statement)


_TABLES_3 = (
    # Recent answers of INSi, by a tag of the question.
    "create table insi_answers (tag blob primary key, at integer not null, sealed blob not null) strict, without rowid",
    "create index insi_answers_by_time on insi_answers (at)",
    # Identities that are kept here, with every move of their status.
    """create table identities (
        number integer primary key, id text not null unique, tag blob, status text not null, sealed blob not null
    ) strict""",
    "create index identities_by_ins on identities (tag) where tag is not null",
    """create table identity_moves (
        identity_id text not null references identities (id) on delete cascade, number integer not null,
        sealed blob not null, primary key (identity_id, number)
    ) strict, without rowid""",
    # Alerts: `tag` is of what was seen, so that the same is one alert until it is closed.
    """create table identity_alerts (
        number integer primary key, id text not null unique, tag blob not null, state text not null,
        sealed blob not null
    ) strict""",
    "create unique index identity_alerts_live on identity_alerts (tag) where state <> 'closed'",
    "create index identity_alerts_by_state on identity_alerts (state, number)",
    # Workers whose record could not be given because their identity is not qualified here.
    """create table to_qualify (
        tag blob primary key, last_at integer not null, sealed blob not null
    ) strict, without rowid""",
    "create index to_qualify_by_time on to_qualify (last_at)",
)


@migrations()
def m003_identities(db: Database) -> None:
    """Make what identity vigilance keeps."""
    for statement in _TABLES_3:
        db.execute(statement)


_TABLES_4 = (
    # What counts against enumeration: who asked and when in clear, whom about sealed under the daily epoch key.
    """create table counted (
        number integer primary key, peer text not null, at integer not null, hit integer not null,
        epoch text not null, sealed blob not null
    ) strict""",
    "create index counted_by_time on counted (at)",
    """create table limit_blocks (
        id text primary key, since integer not null, sealed blob not null
    ) strict, without rowid""",
    "create table limit_overrides (peer text primary key, sealed blob not null) strict, without rowid",
)


@migrations()
def m004_limits(db: Database) -> None:
    """Make what the limits of PROTOCOL section 5 keep."""
    for statement in _TABLES_4:
        db.execute(statement)


@migrations()
def m005_four_eyes(db: Database) -> None:
    """Make the table of what waits for a second person."""
    db.execute(
        "create table proposals (id text primary key, expires_at integer not null, sealed blob not null)"
        " strict, without rowid"
    )


_TABLES_6 = (
    # Signed tokens as they were, under the epoch key of their entry's class; `ref` is the handover.
    """create table evidence (
        number integer primary key, ref text not null, kind text not null, sha256 blob not null unique,
        at integer not null, epoch text not null, sealed blob not null
    ) strict""",
    "create index evidence_by_ref on evidence (ref)",
    # Heads stamped by a time-stamping authority (RFC 3161), where one is configured. They tell of nobody.
    """create table head_stamps (
        tree text not null, size integer not null, at integer not null, note text not null, token blob not null,
        primary key (tree, size)
    ) strict, without rowid""",
)


@migrations()
def m006_evidence(db: Database) -> None:
    """Make what is kept beside the ledgers to prove things with."""
    for statement in _TABLES_6:
        db.execute(statement)


_TABLES_7 = (
    # Whoever may sign in here; the tags of their practitioner id and of their identifiers at identity providers.
    """create table people (
        number integer primary key, id text not null unique, practitioner_tag blob unique, sealed blob not null
    ) strict""",
    """create table person_subjects (
        tag blob primary key, person_id text not null references people (id) on delete cascade
    ) strict, without rowid""",
    "create index person_subjects_by_person on person_subjects (person_id)",
    # Sessions and one-time values by the hash of a secret that is kept nowhere here.
    """create table sessions (
        tag blob primary key, person_id text not null references people (id) on delete cascade,
        expires_at integer not null, sealed blob not null
    ) strict, without rowid""",
    "create index sessions_by_person on sessions (person_id)",
    "create index sessions_by_end on sessions (expires_at)",
    """create table one_time (
        kind text not null, tag blob not null, expires_at integer not null, sealed blob, primary key (kind, tag)
    ) strict, without rowid""",
    "create index one_time_by_end on one_time (expires_at)",
    """create table local_accounts (
        person_id text primary key references people (id) on delete cascade, login_tag blob not null unique,
        sealed blob not null
    ) strict, without rowid""",
    # Failed attempts, by a tag of the account or the address.
    """create table sign_in_failures (
        tag blob primary key, since integer not null, count integer not null, locked_until integer not null
    ) strict, without rowid""",
)


@migrations()
def m007_sign_in(db: Database) -> None:
    """Make what people, sign-in and launch keep."""
    for statement in _TABLES_7:
        db.execute(statement)


_TABLES_8 = (
    # What other members' ledgers were when last looked at, and the proofs that each went on from what was known.
    """create table ledger_heads (
        member text not null, tree text not null, serial integer not null, size integer not null, note text not null,
        at integer not null, primary key (member, tree)
    ) strict, without rowid""",
    """create table ledger_links (
        member text not null, tree text not null, serial integer not null, first integer not null,
        first_root blob not null, second integer not null, second_root blob not null, path blob not null,
        primary key (member, tree, serial, first, first_root, second, second_root)
    ) strict, without rowid""",
    # What witnesses signed of a ledger, ours or another's.
    """create table witness_statements (
        member text not null, tree text not null, serial integer not null, size integer not null, at integer not null,
        witness text not null, note text not null, line text not null,
        primary key (member, tree, serial, size, at, witness)
    ) strict, without rowid""",
    # Faults and gaps of ledgers, each once and for ever, with the signed texts that prove them.
    """create table ledger_faults (
        number integer primary key, member text not null, tree text not null, serial integer not null,
        kind text not null, at integer not null, known text not null, shown text not null, told_by text
    ) strict""",
    "create index ledger_faults_by_ledger on ledger_faults (member, tree, serial, kind)",
    """create table ledger_gaps (
        number integer primary key, member text not null, tree text not null, at integer not null,
        old_serial integer not null, last text not null, new_serial integer not null, first text not null,
        unique (member, tree, new_serial)
    ) strict""",
)


@migrations()
def m008_witness(db: Database) -> None:
    """Make what is kept of other members' ledgers, and of what they say of ours."""
    for statement in _TABLES_8:
        db.execute(statement)


_NOW = "(select coalesce(max(value), 0) from facts where name = 'highest_clock')"
_TABLES_9 = (
    # The tags by which a worker's entries are found, by epoch: they come from its key and go with it.
    """create table entry_tags (
        epoch text not null, tag blob not null, tree text not null, idx integer not null,
        primary key (epoch, tag, tree, idx)
    ) strict, without rowid""",
    "insert into entry_tags select e.epoch, w.tag, w.tree, w.idx from entry_workers w join entries e using (tree, idx)",
    "drop table entry_workers",
    # Epochs whose key was destroyed, or is being: on time, or with one entry before its time (`tree`, `idx`).
    """create table destroyed_epochs (
        epoch text primary key, why text not null, begun_at integer not null, ended_at integer,
        successor text, tree text, idx integer
    ) strict, without rowid""",
    "create index destroyed_epochs_unfinished on destroyed_epochs (begun_at) where ended_at is null",
    # What is sealed under an epoch's key is found by it: to be emptied, or moved to another generation.
    "create index entries_by_epoch on entries (epoch) where sealed <> x''",
    "create index counted_by_epoch on counted (epoch)",
    "create index evidence_by_epoch on evidence (epoch)",
    # Instants after which a row is dropped; those of rows that are there count from now.
    "alter table identity_alerts add column purge_at integer not null default 0",
    f"update identity_alerts set purge_at = {_NOW} + 86400 * iif(state = 'closed', 365, 1095)",  # noqa: S608 (constant)
    "create index identity_alerts_by_purge on identity_alerts (purge_at)",
    "alter table identities add column purge_at integer not null default 0",
    f"update identities set purge_at = {_NOW} + 86400 * 2190",  # noqa: S608 (constant)
    "create index identities_by_purge on identities (purge_at)",
)


@migrations()
def m009_retention(db: Database) -> None:
    """Make what ends on time end on time."""
    for statement in _TABLES_9:
        db.execute(statement)


_TABLES_10 = (
    # Which entries belong to a fetch, beside those whose `ref` it is: found again when the fetch itself is gone.
    """create table entry_fetches (
        fetch_id text not null, tree text not null, idx integer not null, primary key (fetch_id, tree, idx)
    ) strict, without rowid""",
    # Local members files as they were believed, by version; the signed directory has an archive of its own.
    "create table kept_lists (version text primary key, at integer not null, content blob not null) strict",
)


@migrations()
def m010_kept_lists(db: Database) -> None:
    """Make what finds the entries of a fetch again, and the members lists of the time."""
    for statement in _TABLES_10:
        db.execute(statement)


@migrations()
def m011_seen_heads(db: Database) -> None:
    """Make the list of heads that were seen and not yet compared with what is known of their ledger."""
    db.execute(
        "create table ledger_seen (member text not null, tree text not null, serial integer not null,"
        " size integer not null, root blob not null, note text not null, told_by text,"
        " primary key (member, tree, serial, size, root)) strict, without rowid"
    )


@migrations()
def m012_fetch_readers(db: Database) -> None:
    """Make the list of colleagues to whom a document was handed, by the same tag as a fetch's owner."""
    db.execute(
        "create table fetch_readers (reader_tag blob not null, fetch_id text not null references fetches (id)"
        " on delete cascade, primary key (reader_tag, fetch_id)) strict, without rowid"
    )


@migrations()
def m013_journal_of_a_peer(db: Database) -> None:
    """Find what went to and came from one member without reading all that did not."""
    db.execute("create index entries_by_peer on entries (tree, peer, idx) where peer is not null")


@migrations()
def m014_told_gaps(db: Database) -> None:
    """Keep with a gap what the first leaf of the new ledger says of it, once its member has shown that."""
    for column in ("reason", "highest"):
        db.execute(f"alter table ledger_gaps add column {column} text")


@migrations()
def m015_list_acceptances(db: Database) -> None:
    """Keep each time at which a members list came into force: one that comes back is in force again from then on."""
    db.execute(
        "create table list_acceptances (at integer not null, version text not null, primary key (at, version))"
        " strict, without rowid"
    )
    db.execute("insert into list_acceptances select at, version from kept_lists")


@migrations()
def m016_counted_by_peer(db: Database) -> None:
    """Find what was counted of one peer: by epochs first, so that what comes in stands together in the index."""
    db.execute("create index counted_by_peer on counted (epoch, peer)")
