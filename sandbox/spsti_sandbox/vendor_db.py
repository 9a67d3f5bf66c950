"""Makes the demonstration vendor's database of one service: a real SQLite file, filled from a seed.

The same arguments give the same rows. Workers: the cast (`cast.py`), then those that the service shares with others,
then its own. Rendering a PDF takes some 13 ms of CPU, so most workers have visits and no version ready for other
services yet (half of them a draft), as in a service that has just begun. The cast and `documents` further workers have
versions with their PDF, the shared ones first, and some of these are amended, withdrawn or twice on one day. No PDF is
shared between two workers.
"""

import random
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from connector.core.days import Day
from connector.core.identity import IdentityStatus
from connector.core.matricule import Ins
from connector.core.records import Opposition
from connector.core.traits import StrictTraits
from spsti_adapter_demo.schema import INDEXES, TABLES
from spsti_sandbox.cast import Cast, LocalFile, Version, cast
from spsti_sandbox.dmst_content import Content, content_of
from spsti_sandbox.dmst_pdf import Heading, render
from spsti_sandbox.names import EMPLOYERS
from spsti_sandbox.population import Worker, workers_of

AS_OF = Day(2025, 6, 30)
"""The day on which a database stands still unless told otherwise: what it holds depends on its arguments alone."""

TOWNS = {"a": "Dijon", "b": "Besançon", "c": "Lons-le-Saunier", "d": "Vesoul", "e": "Nevers"}
_STAFF = {
    "a": ("Dr Hélène Charton, médecin du travail", "Marc Jeunet, infirmier en santé au travail"),
    "b": ("Dr Anne Vuillemin, médecin du travail", "Luc Perrin, infirmier en santé au travail"),
    "c": ("Dr Samir Belkacem, médecin du travail", "Odile Maire, infirmière en santé au travail"),
    "d": ("Dr Paul Tisserand, médecin du travail", "Jeanne Roy, infirmière en santé au travail"),
    "e": ("Dr Inès Carmona, médecin du travail", "Guy Blanchet, infirmier en santé au travail"),
}
_ANSWERS = {Opposition.YES: "s'oppose", Opposition.NO: "ne s'oppose pas"}
_STATUSES = ((0.86, IdentityStatus.QUAL), (0.93, IdentityStatus.RECUP), (0.97, IdentityStatus.VALI))


@dataclass(frozen=True, slots=True)
class _Filed:
    """A worker with all that is to be written, and the used name that only the vendor and the PDF show."""

    key: str
    file: LocalFile
    used_name: str | None
    has_draft: bool = False


def generate(
    path: Path, *, seed: int, service: str, workers: int = 2000, documents: int = 140, as_of: Day = AS_OF
) -> Cast:
    """Write the database of one service to a new file; gives the cast.

    Args:
        path: a file that does not exist.
        seed: of the population; the cast is the same for every seed.
        service: `a` to `e`; a, b and c share workers.
        workers: how many, the cast apart.
        documents: how many of them have a version with its PDF, the cast apart.
        as_of: every date lies before this day.

    Raises:
        FileExistsError: there is something at `path`.
        ValueError: a service that is none.
    """
    players = cast(as_of)
    population = workers_of(service, workers, seed=seed, as_of=as_of)
    rng = random.Random(f"{seed}/{service}/files")
    filed = [_Filed(player.key, player.files[service], None) for player in players.members() if service in player.files]
    filed.extend(
        _filed(rng, worker, has_document, service, as_of)
        for worker, has_document in _with_documents(population, documents)
    )
    path.touch(exist_ok=False)
    # The vendor's file, not the connector's state.
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")
        for statement in TABLES.split(";"):
            connection.execute(statement)
        _Writer(connection, seed=seed, service=service, as_of=as_of).write(filed)
        for statement in INDEXES.split(";"):
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    return players


def _with_documents(population: Sequence[Worker], documents: int) -> Iterator[tuple[Worker, bool]]:
    """Say who has a document: by turns from the beginning of each group, so that all groups have some.

    Shared groups are taken from their beginning in every service: many workers have a document at two of them.
    """
    by_turn = sorted(population, key=lambda worker: (worker.index, len(worker.group) == 1))
    chosen = {worker.ins for worker in by_turn[:documents]}
    return ((worker, worker.ins in chosen) for worker in population)


def _filed(rng: random.Random, worker: Worker, has_document: bool, service: str, as_of: Day) -> _Filed:  # noqa: FBT001
    drawn = rng.random()
    status = next((status for limit, status in _STATUSES if drawn < limit), IdentityStatus.PROV)
    answer = rng.choices((Opposition.NO, Opposition.UNKNOWN, Opposition.YES), (80, 14, 6))[0]
    versions = _versions(rng, as_of) if has_document else ()
    file = LocalFile(
        ins=worker.ins if status.has_ins else None,
        traits=_as_written(rng, worker, service),
        versions=versions,
        status=status,
        opposition=answer,
    )
    key = f"{worker.group}-{worker.index}"
    return _Filed(key, file, worker.used_name, has_draft=not has_document and rng.random() < 0.5)


def _as_written(rng: random.Random, worker: Worker, service: str) -> StrictTraits:
    """Give the traits as this service wrote them: at all but the first of those that share a worker some differ."""
    traits = worker.traits
    if service == worker.group[0]:
        return traits
    drawn = rng.random()
    if drawn < 0.03 and "-" in traits.birth_given_names[0]:
        return replace(traits, birth_given_names=tuple(" ".join(traits.birth_given_names).replace("-", " ").split()))
    if drawn < 0.06:
        return replace(traits, birth_given_names=traits.birth_given_names[:1])
    if drawn < 0.07:
        return replace(traits, birth_place="99999")
    return traits


def _versions(rng: random.Random, as_of: Day) -> tuple[Version, ...]:
    """Give the versions of one worker; one in five has more than the plain one."""
    days_ago = rng.randint(3, 900)
    plain = Version(_ago(as_of, days_ago), extent=rng.choice(("complet", "complet", "synthese")))
    drawn = rng.random()
    if drawn < 0.06:  # amended
        return (replace(plain, state="remplace"), plain)
    if drawn < 0.12:  # withdrawn, the one before counts again
        return (plain, Version(_ago(as_of, max(days_ago - 30, 1)), state="annule"))
    if drawn < 0.16:  # two on one day
        return (replace(plain, extent="synthese"), replace(plain, extent="complet"))
    if drawn < 0.20:  # an older one is kept
        return (replace(plain, last_act_on=_ago(as_of, days_ago + 400)), plain)
    return (plain,)


class _Writer:
    """Writes workers with all their rows; numbers are given here, so that rows refer to each other."""

    def __init__(self, connection: sqlite3.Connection, *, seed: int, service: str, as_of: Day) -> None:
        self._connection, self._seed, self._service, self._as_of = connection, seed, service, as_of
        self._rows: dict[str, list[tuple[object, ...]]] = {}
        self._version_id = 0

    def write(self, filed: Sequence[_Filed]) -> None:
        for number, (name, sector) in enumerate(EMPLOYERS, start=1):
            self._row("entreprise", number, name, sector, TOWNS[self._service])
        for number, one in enumerate(filed, start=1):
            self._worker(number, one)
        for table, rows in self._rows.items():
            places = ", ".join("?" * len(rows[0]))
            self._connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608  our own tables

    def _worker(self, number: int, one: _Filed) -> None:
        rng = random.Random(f"{self._seed}/{self._service}/{one.key}")
        file, traits = one.file, one.file.traits
        content = self._content(rng, file)
        drawn = _ago(self._as_of, rng.randint(10, 900)) if file.ins else None
        verified_on = file.verified_on or drawn
        self._row(
            "salarie",
            number,
            content.employer_index + 1,
            content.job.title,
            traits.birth_name,
            " ".join(traits.birth_given_names),
            traits.sex.value,
            traits.birth_date.value,
            traits.birth_place,
            one.used_name,
            file.status.value,
            None,
            *_columns(file.ins),
            verified_on and str(verified_on),
            f"{content.visits[0].on}T08:30:00+02:00",
        )
        for former in file.former:
            self._row("ins_historique", number, *_columns(former), str(_ago(self._as_of, 200)))
        for visit in content.visits:
            self._row("visite", None, number, visit.kind, str(visit.on), visit.professional, visit.conclusion)
        if file.opposition in _ANSWERS:
            asked_on = content.informed_on
            self._row(
                "opposition", None, number, _ANSWERS[file.opposition], str(asked_on), "oral", _STAFF[self._service][1]
            )
        self._write_versions(number, one, content)

    def _content(self, rng: random.Random, file: LocalFile) -> Content:
        newest = max(
            (version.last_act_on for version in file.versions), default=_ago(self._as_of, rng.randint(3, 1200))
        )
        return content_of(
            rng,
            born_in=int(file.traits.birth_date.value[:4]),
            last_act_on=newest,
            professionals=_STAFF[self._service],
        )

    def _write_versions(self, number: int, one: _Filed, content: Content) -> None:
        author = _STAFF[self._service][0]
        for order, version in enumerate(one.file.versions, start=1):
            made_on = _ago(self._as_of, len(one.file.versions) - order)
            self._version(number, order, version, author, f"{made_on}T18:{order:02}:00+02:00")
            if version.state == "valide" and version.communicable:
                pdf = self._pdf(one, version, content, made_on)
                self._row("dossier_pdf", self._version_id, pdf)
        if one.has_draft:
            draft = Version(content.last_act_on, state="brouillon", communicable=False)
            self._version(number, 1, draft, author, f"{content.last_act_on}T18:00:00+02:00")

    def _version(self, number: int, order: int, version: Version, author: str, recorded_at: str) -> None:
        self._version_id += 1
        self._row(
            "dossier_version",
            self._version_id,
            number,
            order,
            version.state,
            int(version.communicable),
            version.extent,
            str(version.last_act_on),
            author,
            recorded_at,
        )

    def _pdf(self, one: _Filed, version: Version, content: Content, made_on: Day) -> bytes:
        """Render a version: it holds the visits up to its own last act."""
        visits = tuple(visit for visit in content.visits if visit.on <= version.last_act_on)
        if not visits or visits[-1].on != version.last_act_on:
            visits = (*visits, replace(content.visits[-1], on=version.last_act_on))
        heading = Heading(
            service=f"SPSTI {TOWNS[self._service]} (démonstration)",
            town=TOWNS[self._service],
            ins=one.file.ins,
            traits=one.file.traits,
            used_name=one.used_name,
            author=_STAFF[self._service][0],
            made_on=made_on,
            is_summary=version.extent == "synthese",
        )
        return render(heading, _until(replace(content, visits=visits), version.last_act_on))

    def _row(self, table: str, *values: object) -> None:
        self._rows.setdefault(table, []).append(values)


def _until(content: Content, last: Day) -> Content:
    return replace(
        content,
        opinions=tuple(opinion for opinion in content.opinions if opinion[0] <= last),
        letters=tuple(letter for letter in content.letters if letter[0] <= last),
        vaccines=tuple((name, min(year, last.year)) for name, year in content.vaccines),
    )


def _columns(ins: Ins | None) -> tuple[str | None, str | None]:
    return (None, None) if ins is None else (ins.matricule.value, ins.oid.value)


def _ago(day: Day, days: int) -> Day:
    return Day.of(day.to_date() - timedelta(days=days))
