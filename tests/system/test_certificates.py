"""Keys and certificates under real processes: each kind followed by another while documents go over; lists renewed.

A federation of its own, whose certificates name where their authorities' revocation lists are.
"""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
import pytest_asyncio
from click.testing import CliRunner

from connector.cli.main import cli
from connector.config.scaffold import table_text
from connector.core import b64
from connector.core.directory import KeyUse, TlsBinding
from connector.core.oid import Environment
from connector.crypto.keys import SigningAlgorithm, public_key_to_der, spki_sha256, x5t_s256
from connector.crypto.token import TokenKey, TokenSigner
from connector.directory.members_file import MembersFile
from connector.directory.members_text import members_text
from connector.peer.tls import client_context
from connector.wire import jose, receipt
from spsti_sandbox.federation import Federation
from spsti_sandbox.operators import ENTRY_PASSWORD
from spsti_sandbox.physician import Physician
from tests.kit.crl_server import a_crl_server
from tests.kit.system import CAST, DAEMON, Caller, assert_sound, begin_download, enlarge, eventually, readiness, reload
from tests.kit.token import LABEL, PIN, Token, needs_softhsm

pytestmark = pytest.mark.long
LARGE = 24_000_000


@pytest_asyncio.fixture
async def crls():
    async with a_crl_server() as running:
        yield running


@pytest_asyncio.fixture
async def pair(tmp_path, crls):
    """Services a and c, running; the record of `only_at_a` is large."""
    made = Federation.create(tmp_path, ("a", "c"), workers=12, crl_base=crls.url)
    crls.folder = made.pki.directory
    enlarge(made.services["a"], CAST.only_at_a, LARGE)
    for service in made.services.values():
        service.command = DAEMON
        service.configure("requester", deadline_seconds=10.0)
        service.configure("peer.crl", refresh_minutes=1)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


def run(*words) -> str:
    ended = CliRunner().invoke(cli, [*map(str, words)], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.output


def rotate(service, which, *words) -> str:
    return run("keys", "rotate", which, "--config", service.config, *words)


def pkcs12(pair, service, use, folder: Path):
    """A PKCS#12 file as ANS sends it, of another kind of key than the one in use; and the options that name it."""
    leaf = pair.pki.issue(service.member_id, use, key="rsa2048")
    bundle, password = folder / f"{service.letter}-{use}.p12", folder / f"{service.letter}-{use}.password"
    bundle.write_bytes(pair.pki.pkcs12(leaf, b"mot de passe"))
    password.write_bytes(b"mot de passe\n")
    return leaf, ("--pkcs12", bundle, "--password", password)


async def publish_entries(pair, *services) -> None:
    """Sign the entries anew, let a publisher gather them, and let everyone have the result."""
    for service in services:
        password = service.folder / "entry.password"
        password.write_bytes(ENTRY_PASSWORD)
        run(
            "federation", "sign-entry", "--entry", service.folder / "my-entry.toml", "--environment", "test",
            "--config", service.config, "--own", service.folder / "state" / "directory",
            "--entry-key", service.folder / "keys" / "entry.key", "--entry-password-file", password,
            "--contact", f"technical:support@spsti-{service.letter}.example",
        )  # fmt: skip
    caller = Caller(pair.services["c"], pair.services["a"])
    refused = await asyncio.to_thread(pair.operators.gather, client_context(caller.material.client_tls))
    assert refused == ()
    for service in pair.services.values():
        await Physician(service).call("POST", "/api/v1/directory/refresh")


def switched(service) -> set[str]:
    lines = [line for line in service.log.read_text().splitlines() if '"key.switched"' in line]
    return {word for line in lines for word in ("server", "client", "signing", "ledger") if f'"half": "{word}"' in line}


async def uses(service, *kinds) -> None:
    async def all_used():
        return switched(service) >= set(kinds)

    assert await eventually(all_used, 40.0), service.tail()


async def shown_by(service, material) -> bytes:
    """The certificate that a service shows to a new connection."""
    _, writer = await asyncio.open_connection(
        "127.0.0.1", service.peer_port, ssl=client_context(material), server_hostname="localhost"
    )
    try:
        return writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()


async def test_every_kind_of_key_is_followed_by_another_under_a_running_transfer_and_nobody_is_refused(pair, tmp_path):
    holder, us = pair.services["a"], pair.services["c"]
    camille = Physician(us)
    before = Caller(us, holder)
    async with before.line() as idle, before.line() as line:
        assert (await idle.lookup()).status == 200
        grant = await begin_download(line, before)

        server, words = pkcs12(pair, holder, "server", tmp_path)
        assert "It is SERV_SSL" in rotate(holder, "server", *words)
        client, words = pkcs12(pair, us, "client", tmp_path)
        assert "It is ORG_AUTH_CLI" in rotate(us, "client", *words)
        for service in (holder, us):
            rotate(service, "signing", "--begin-hours", "0")
            rotate(service, "ledger", "--begin-hours", "0")
            await reload(service, "config.reloaded")
        await uses(holder, "server")
        await uses(us, "client")
        assert "signing" not in switched(holder)
        assert "the directory does not list it yet" in run("keys", "show", "--config", holder.config)
        await publish_entries(pair, holder, us)
        await uses(holder, "signing", "ledger")
        await uses(us, "signing", "ledger")

        # What was begun goes on to its end, and an open connection is answered as before.
        assert len(await line.reader.readexactly(grant.document.size)) == grant.document.size
        assert (await idle.lookup()).status == 200

    assert await shown_by(holder, before.material.client_tls) == server.der
    fetch = await camille.fetch(CAST.only_at_a.asked, [holder.member_id])
    assert fetch["state"] == "ready", fetch
    (arrived,) = [await camille.entry(short) for short in await camille.journal(type="arrived")]
    handover = arrived["personal"]["handover"]
    assert jose.read(handover["receipt"].encode(), typ=receipt.TYP).kid == "sign-2"
    assert jose.read(handover["mandate"].encode(), typ="mandate+jwt").kid == "sign-2"
    for service in (holder, us):
        assert (await readiness(service)) == (200, {})
    await assert_sound(holder, us)

    # A restart makes the same choice.
    await holder.stop()
    await holder.start()
    assert await shown_by(holder, before.material.client_tls) == server.der
    assert (await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"
    await assert_sound(holder, us)
    assert client.der != us.client.der


def pinned(service, *leaves) -> None:
    """Bind a member by these certificates' keys, in the entry that it signs next."""
    entry = service.folder / "my-entry.toml"
    (own,) = MembersFile(entry, Environment.TEST).members()
    pins = tuple(b64.encode(spki_sha256(leaf.certificate)) for leaf in leaves)
    entry.write_text(members_text((replace(own, tls=TlsBinding(pins)),), comment="Bound by pins."))


def with_client(caller, leaf):
    """The same caller with another certificate of the same authority."""
    shown = replace(
        caller.material.client_tls, chain=leaf.cert_pem_path.read_bytes(), key=leaf.key_pem_path.read_bytes()
    )
    caller.material, caller.x5t = replace(caller.material, client_tls=shown), x5t_s256(leaf.der)
    return caller


async def is_answered(caller) -> bool:
    try:
        async with caller.line() as line:
            return (await line.lookup()).status == 200
    except (OSError, EOFError):
        return False


async def test_members_bound_by_pins_change_both_certificates_and_then_the_old_ones_are_refused(pair, tmp_path):
    """The directory lists old and new key side by side: each is accepted while it stands there, and no longer."""
    holder, us = pair.services["a"], pair.services["c"]
    camille, old = Physician(us), Caller(us, holder)
    for service in (holder, us):
        pinned(service, service.server, service.client)
    await publish_entries(pair, holder, us)
    assert await is_answered(old)
    assert not await is_answered(with_client(Caller(us, holder), pair.pki.issue(us.member_id, "client")))

    server, words = pkcs12(pair, holder, "server", tmp_path)
    assert "federation sign-entry" in rotate(holder, "server", *words)
    client, words = pkcs12(pair, us, "client", tmp_path)
    rotate(us, "client", *words)
    for service in (holder, us):
        await reload(service, "config.reloaded")
    # Prepared and not listed yet: nothing is shown that others would refuse.
    assert await shown_by(holder, old.material.client_tls) == holder.server.der
    assert (await camille.fetch(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"
    assert "server" not in switched(holder)

    await publish_entries(pair, holder, us)
    await uses(holder, "server")
    await uses(us, "client")
    assert await shown_by(holder, old.material.client_tls) == server.der
    assert await is_answered(old)
    assert (await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"

    pinned(holder, server, holder.client)
    pinned(us, us.server, client)
    await publish_entries(pair, holder, us)
    assert not await is_answered(old)
    assert (await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"
    await assert_sound(holder, us)


async def test_a_certificate_is_revoked_by_a_list_that_the_daemon_fetches_itself(pair, crls):
    holder, us = pair.services["a"], pair.services["c"]
    caller = Caller(us, holder)
    async with caller.line() as line, caller.line() as idle:
        grant = await begin_download(line, caller)
        assert (await idle.lookup()).status == 200
        pair.pki.revoke(us.client)

        await reload(holder, "crl.accepted")

        assert await idle.is_closed()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await line.reader.readexactly(grant.document.size)
    with pytest.raises((ssl.SSLError, OSError, EOFError)):
        async with caller.line() as line:
            await line.lookup()
    assert "certificate revoked" in holder.log.read_text()

    # The list outlives a restart with the authority's server down.
    await crls.stop()
    await holder.stop()
    await holder.start()
    with pytest.raises((ssl.SSLError, OSError, EOFError)):
        async with caller.line() as line:
            await line.lookup()
    await crls.start()


@pytest.mark.parametrize(("key", "algorithm"), [("p256", "ES256"), ("rsa2048", "PS256")])
async def test_a_record_goes_over_with_either_kind_of_key_everywhere(tmp_path, key, algorithm):
    """TLS on both sides, the authorities, mandates, receipts and acknowledgements: P-256, or RSA-2048 as at ANS."""
    made = Federation.create(tmp_path, ("a", "c"), workers=12, key=key, signing_algorithm=algorithm)
    holder, us = made.services["a"], made.services["c"]
    for service in made.services.values():
        service.command = DAEMON
    try:
        await made.start()
        camille = Physician(us)
        fetch = await camille.fetch(CAST.only_at_a.asked, [holder.member_id])

        assert fetch["state"] == "ready", fetch
        (arrived,) = [await camille.entry(short) for short in await camille.journal(type="arrived")]
        for token, typ in (("mandate", "mandate+jwt"), ("receipt", receipt.TYP)):
            assert jose.read(arrived["personal"]["handover"][token].encode(), typ=typ).algorithm == algorithm

        async def is_acknowledged():
            return await Physician(holder).journal(tree="house", type="acknowledged")

        assert await eventually(is_acknowledged)
        await assert_sound(holder, us)
    finally:
        await made.stop()


async def test_a_signing_key_in_a_token_signs_until_it_is_pulled_out_and_again_when_it_is_back(tmp_path):
    needs_softhsm()
    token = Token(tmp_path / "token")
    token.make_key("sign-1")
    made = Federation.create(tmp_path / "federation", ("a", "c"), workers=12, directory="file")
    holder, us = made.services["a"], made.services["c"]
    put_into_token(made, holder, token)
    for service in made.services.values():
        service.command = DAEMON
        service.environment = token.environment
    try:
        await made.start()
        camille = Physician(us)
        assert (await camille.fetch(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"
        token.pull()

        (reply,) = (await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id]))["services"]
        assert reply["reply"] not in {"announced", "withheld"}, reply
        status, wrong = await readiness(holder)
        assert (status, "does not sign" in wrong["signing"]) == (503, True)

        token.put_back()

        async def is_ready() -> bool:  # a token that is missing is looked for every few seconds
            return (await readiness(holder))[0] == 200

        await eventually(is_ready)
        assert (await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"
        await assert_sound(holder, us)
        assert PIN not in holder.log.read_text()
    finally:
        await made.stop()


def put_into_token(made, service, token) -> None:
    """Have a service sign with the token's key, and list that key for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", token.environment["SOFTHSM2_CONF"])
        where = TokenKey(token.driver, LABEL, "sign-1", PIN)
        public = public_key_to_der(TokenSigner("sign-1", SigningAlgorithm.ES256, where, monotonic).public_key)
    pin = service.folder / "pin"
    pin.write_text(PIN + "\n")
    text = service.config.read_text()
    table = {"module": token.driver, "token": LABEL, "key": "sign-1", "pin": str(pin)}
    service.config.write_text(
        text.replace('key = "keys/sign.key"\n', "", 1) + "\n" + table_text("signing.pkcs11", table)
    )
    listed = [
        replace(
            member,
            keys=tuple(
                replace(key, public_der=public)
                if (member.id.value, key.use) == (service.member_id, KeyUse.SIGN)
                else key
                for key in member.keys
            ),
        )
        for member in MembersFile(service.folder / "members.toml", Environment.TEST).members()
    ]
    for other in made.services.values():
        (other.folder / "members.toml").write_text(members_text(listed))


async def test_the_local_sides_certificate_is_renewed_without_a_restart(tmp_path):
    made = Federation.create(tmp_path, ("a",), workers=12, directory="file")
    (service,) = made.services.values()
    first, second = (made.pki.issue(service.member_id, "server") for _ in range(2))
    certificate, key = service.folder / "local.pem", service.folder / "local.key"
    certificate.write_bytes(first.cert_pem_path.read_bytes())
    key.write_bytes(first.key_pem_path.read_bytes())
    service.configure("local", certificate="local.pem", key="local.key")
    service.command = DAEMON
    browser = ssl.create_default_context(cafile=str(made.pki.ca_path))

    async def shown() -> bytes:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", service.local_port, ssl=browser, server_hostname="localhost"
        )
        try:
            return writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        finally:
            writer.transport.abort()

    async def listens():
        try:
            return await shown()
        except OSError:
            return None

    with service.log.open("ab") as log:
        service.process = await asyncio.create_subprocess_exec(
            *DAEMON, "run", "--config", str(service.config), stderr=log, start_new_session=True
        )
    try:
        assert await eventually(listens) == first.der
        key.write_bytes(second.key_pem_path.read_bytes())
        await reload(service, "config.refused")  # a key that is not the certificate's
        assert await shown() == first.der
        certificate.write_bytes(second.cert_pem_path.read_bytes())
        await reload(service, "config.reloaded")
        assert await shown() == second.der
        ended = CliRunner().invoke(cli, ["check", "--start", "--config", str(service.config)])
        assert ended.exit_code == 0, ended.output
    finally:
        await service.stop()
