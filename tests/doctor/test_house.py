"""What this machine tells by itself: rights, ends, clocks, disk, backups; each finding in two languages."""

import json
import os
import re
import shutil
import sqlite3
import string
import time
from dataclasses import replace
from pathlib import Path

import pytest

from connector.config.references import References
from connector.core.instant import Instant
from connector.doctor import house, keys
from connector.doctor.adapters import adapters
from connector.doctor.examine import announced, here, open_patient
from connector.doctor.finding import Finding, Level, critical, ok, unknown, warning, worst
from connector.doctor.words import SENTENCES
from connector.store.backup_note import keep_note
from connector.store.copying import mark_restored
from tests.kit.state import opened, settings_in

DAY = 86_400


def keys_of(findings) -> dict[str, Finding]:
    return {finding.key: finding for finding in findings}


# ---------------------------------------------------------------- words


@pytest.mark.parametrize("key", SENTENCES)
def test_each_sentence_says_the_same_values_in_both_languages(key):
    fields = {
        language: {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
        for language, texts in SENTENCES[key].items()
    }

    assert fields["en"] == fields["fr"]
    assert bool(SENTENCES[key]["en"][1]) == bool(SENTENCES[key]["fr"][1])


def test_every_sentence_is_used_and_every_one_used_is_there():
    code = "".join(path.read_text() for path in (Path(house.__file__).parent).glob("*.py") if path.name != "words.py")
    code += (Path(house.__file__).parents[1] / "cli" / "check.py").read_text()
    used = set(re.findall(r'"([a-z]+\.[a-z-]+)"', code))

    assert set(SENTENCES) <= used
    assert {key for key in used if key.split(".")[0] in {name.split(".")[0] for name in SENTENCES}} <= set(SENTENCES)


def test_the_worst_decides_and_what_was_not_looked_at_is_less_bad_than_a_warning():
    one = [ok("x", "disk.right"), unknown("x", "probe.left")]

    assert worst([]) is Level.OK
    assert worst(one) is Level.UNKNOWN
    assert worst([*one, warning("x", "backup.none")]) is Level.WARNING
    assert worst([*one, warning("x", "backup.none"), critical("x", "source.none")]) is Level.CRITICAL
    assert [int(level) for level in Level] == [0, 1, 2, 3]


# ---------------------------------------------------------------- this machine


def test_a_fresh_service_has_nothing_critical_on_its_machine(examined):
    found = list(here(examined()))

    assert [finding for finding in found if finding.level is Level.CRITICAL] == []
    assert {"backup.none", "state.none", "directory.trial"} <= set(keys_of(found))


def test_a_secret_that_others_may_read_is_named_and_its_content_is_not(services, examined):
    patient = examined()
    key = patient.material.references.path(patient.model.ledger.key)
    key.chmod(0o644)
    found = keys_of(house.rights(patient))
    key.chmod(0o600)

    assert found["files.open"].values["path"] == key
    assert found["files.open"].values["mode"] == "644"
    assert found["files.open"].level is Level.CRITICAL
    assert "files.open" not in keys_of(house.rights(patient))


def test_a_file_that_the_services_user_cannot_read_is_found_by_root(examined, monkeypatch, tmp_path):
    patient = examined()
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    if os.geteuid() != 0:
        pytest.skip("needs root: another user's directory cannot be made")
    os.chown(directory, 65_534, 65_534)
    other = replace(
        patient, material=replace(patient.material, state=replace(patient.material.state, directory=directory))
    )
    found = keys_of(house.rights(other))

    assert found["files.unreadable"].level is Level.CRITICAL
    assert found["files.unreadable"].values["user"] == "nobody"


def test_a_credential_that_only_root_reads_is_one_that_systemd_hands_over(services, examined, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root: another user's directory cannot be made")
    patient = examined()
    key, state = patient.material.references.path(patient.model.ledger.key), tmp_path / "state"
    state.mkdir(mode=0o700)
    os.chown(state, 65_534, 65_534)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    shutil.copy(key, credentials / "ledger-key")
    model = patient.model.model_copy(
        update={"ledger": patient.model.ledger.model_copy(update={"key": "credential:ledger-key"})}
    )
    material = replace(
        patient.material,
        file=replace(patient.material.file, model=model),
        references=References(patient.config, credentials),
        state=replace(patient.material.state, directory=state),
    )

    def unreadable():
        found = house.rights(replace(patient, material=material))
        return {finding.values["path"] for finding in found if finding.key == "files.unreadable"}

    assert credentials / "ledger-key" not in unreadable()
    os.chown(credentials / "ledger-key", 65_533, 65_533)  # a third user's: put there for somebody else
    assert credentials / "ledger-key" in unreadable()


@pytest.mark.parametrize(
    ("days", "key", "level"),
    [
        (61, "certificate.right", Level.OK),
        (59, "certificate.ending", Level.WARNING),
        (6, "certificate.ending", Level.CRITICAL),
    ],
)
def test_a_certificate_that_nears_its_end_is_told_more_urgently(examined, days, key, level):
    patient = examined()
    end = min(patient.material.server_tls.certificate.not_after, patient.material.client_tls.certificate.not_after)
    found = [f for f in keys.certificates(replace(patient, now=Instant(end - days * DAY))) if f.key == key]

    assert level in {finding.level for finding in found}
    ended = keys_of(keys.certificates(replace(patient, now=Instant(end + 2 * DAY))))
    assert ended["certificate.ended"].level is Level.CRITICAL


def test_revocation_lists_are_told_of_before_they_end_and_after(examined):
    patient = examined()
    now = keys_of(keys.revocation(patient))
    later = keys_of(keys.revocation(replace(patient, now=Instant(patient.now + 400 * DAY))))

    assert set(now) <= {"crl.right", "crl.ending"}
    assert later["crl.speechless"].level is Level.CRITICAL


def test_the_age_of_the_last_backup_is_told(examined):
    patient = examined()
    patient.material.state.directory.mkdir(exist_ok=True)
    levels = []
    for hours in (1, 31, 200):
        at = Instant(patient.now - hours * 3600)
        keep_note(patient.material.state, at, patient.config, with_keys=True, with_epochs=True)
        levels.append(house.backups(patient).level)
    (patient.material.state.directory / "last-backup.json").write_text("{")

    assert levels == [Level.OK, Level.WARNING, Level.CRITICAL]
    assert house.backups(patient).key == "backup.none"
    (patient.material.state.directory / "last-backup.json").unlink()


def test_a_disk_that_fills_is_warned_of_and_then_red(examined):
    patient = examined()

    def with_needed(free: int):
        state = replace(patient.material.state, min_free_bytes=free)
        return house.disk(replace(patient, material=replace(patient.material, state=state)))

    free = shutil.disk_usage(patient.config).free
    assert [with_needed(free // part).level for part in (4,)] == [Level.OK]
    assert with_needed(free * 2 // 3).level is Level.WARNING
    assert with_needed(free * 2).level is Level.CRITICAL


async def test_a_state_that_was_restored_and_a_clock_that_went_back_are_red(examined, tmp_path):
    async with opened(tmp_path):
        pass
    patient = examined()
    state = settings_in(tmp_path)
    patient = replace(patient, material=replace(patient.material, state=state))
    right = keys_of(house.standing(patient))
    mark_restored(state.database, Instant(patient.now - 5), Instant(patient.now + 3600))
    found = keys_of(house.standing(patient))
    state.database.write_text("no database at all")
    broken = keys_of(house.standing(patient))

    assert right["ledger.right"].level is Level.OK
    assert found["ledger.restored"].level is Level.CRITICAL
    assert found["clock.back"].values["seconds"] == 3600
    assert broken["ledger.unreadable"].level is Level.CRITICAL


def test_an_announced_endpoint_that_the_list_has_otherwise_is_told(examined):
    assert list(announced(examined())) == []
    (finding,) = announced(examined(network='announced = "https://spsti.example"'))

    assert "https://spsti.example" in finding.text("fr")


async def test_adapters_are_asked_for_their_health_and_about_nobody(services, examined):
    right = [finding async for finding in adapters(examined())]
    database = services["a"].vendor_database
    away = database.rename(database.with_suffix(".away"))
    wrong = [finding async for finding in adapters(examined())]
    away.rename(database)

    assert [(finding.key, finding.values["half"]) for finding in right] == [
        ("adapter.right", "source"),
        ("adapter.right", "sink"),
    ]
    assert {finding.level for finding in wrong} == {Level.CRITICAL}
    assert "adapter check demo" in wrong[0].remedy("en")


def test_a_configuration_with_faults_is_red_with_each_of_them(tmp_path):
    (tmp_path / "connector.toml").write_text("[member]\nid = 3\n[pear]\n")
    found = open_patient(tmp_path / "connector.toml", Instant(int(time.time())))

    assert {finding.key for finding in found} == {"config.fault"}
    assert any('did you mean "peer"' in finding.text("en") for finding in found)
    assert any("vouliez-vous dire « peer » ?" in finding.text("fr") for finding in found)


def test_findings_are_json_and_hold_no_secret(examined):
    patient = examined()
    said = json.dumps([[f.text("en"), f.remedy("fr")] for f in here(patient)])
    secret = patient.material.references.read(patient.model.ledger.key).decode()

    assert secret.splitlines()[1] not in said
    assert sqlite3.sqlite_version not in said
