"""The vendor's application of examples/, and the examples of docs/launch.md, against a real local side."""

import asyncio
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from shutil import which

import pytest

from connector.core.people import Role
from connector.crypto.keys import SigningAlgorithm, generate, to_pem
from connector.local.sign_in.launching import VendorKey
from connector.wire.launch import vendor_key
from tests.kit.local_side import new_fetch
from tests.kit.local_values import KEY, PHYSICIAN_ID, US, A
from tests.signin.test_launch import pem_of, post

ROOT = Path(__file__).parents[2]
APP = ROOT / "examples" / "vendor-app" / "app.py"
PAGE = (ROOT / "docs" / "launch.md").read_text()


@pytest.fixture
def vendor(house, tmp_path):
    """A configuration of the application, whose key the connector knows."""
    house.clock.at = int(time.time())
    key = generate(SigningAlgorithm.ES256)
    known = VendorKey(vendor_key("vendor", pem_of(key)), frozenset({PHYSICIAN_ID}), vouches=False)
    house.sign_in.desk.launching.replace({"vendor": known})
    (tmp_path / "launch.key").write_bytes(to_pem(key, None))
    (tmp_path / "api.key").write_text(KEY)
    return tmp_path


def configure(vendor, address):
    example = json.loads((APP.parent / "config.example.json").read_text())
    own = {"connector": address, "member": US.value, "api_key_name": "vendor", "services": [A.value], "port": 0}
    (vendor / "config.json").write_text(json.dumps(example | own))


async def run(vendor, *arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(APP), *arguments, "--config", str(vendor / "config.json"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode, out.decode().strip(), err.decode()


async def test_the_application_opens_the_page_for_its_worker(house, address, browse, vendor):
    person = await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    cookie, _ = await house.sign_in.cookie(person)
    configure(vendor, address)
    status, token, errors = await run(vendor, "token", "42")
    assert status == 0, errors

    status, path, page = await post(browse, token)
    assert status == 303, page
    async with browse(cookie).get(path, allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith("/fetch?launched=")


async def test_the_application_does_the_whole_job_by_the_api(house, address, vendor):
    configure(vendor, address)

    status, state, errors = await run(vendor, "fetch", "42", "--output", str(vendor / "record.pdf"))

    assert (status, state) == (0, "ready"), errors
    assert (vendor / "record.pdf").read_bytes().startswith(b"%PDF")


async def test_the_application_reads_the_copy_that_is_kept_and_asks_nobody_again(house, address, vendor):
    configure(vendor, address)
    await run(vendor, "fetch", "42", "--output", str(vendor / "first.pdf"))
    house.errands.known.clear()  # so it is another demand, also within the same second

    status, state, errors = await run(vendor, "fetch", "42", "--output", str(vendor / "again.pdf"))

    assert (status, state) == (0, "ready"), errors
    assert (vendor / "again.pdf").read_bytes() == (vendor / "first.pdf").read_bytes()
    assert house.errands.calls.count("start") == 1


def code_of(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


async def test_the_python_example_of_the_page_makes_a_token_that_is_taken(house, address, browse, vendor):
    names = {}
    exec(compile(code_of("python"), "docs/launch.md", "exec"), names)
    key = (vendor / "launch.key").read_bytes()

    token = names["launch_token"](key, "vendor", US.value, new_fetch()["worker"])

    assert (await post(browse, token))[0] == 303


async def test_the_javascript_example_of_the_page_makes_a_token_that_is_taken(house, address, browse, vendor):
    if which("node") is None:
        pytest.skip("node is not installed: apt install nodejs")
    key, worker = json.dumps((vendor / "launch.key").read_text()), json.dumps(new_fetch()["worker"])
    call = f"launchToken({key}, 'vendor', '{US.value}', {worker})"
    (vendor / "example.mjs").write_text(code_of("javascript") + f"\nconsole.log({call});\n")
    arguments = ["node", str(vendor / "example.mjs")]
    made = await asyncio.to_thread(subprocess.run, arguments, capture_output=True, check=True)

    assert (await post(browse, made.stdout.decode().strip()))[0] == 303


async def test_the_php_example_of_the_page_makes_a_token_that_is_taken(house, address, browse, vendor):
    if which("php") is None:
        pytest.skip("php is not installed: apt install php-cli")
    (vendor / "worker.json").write_text(json.dumps(new_fetch()["worker"]))
    call = (
        "\necho launch_token(file_get_contents('launch.key'), 'vendor', "
        f"'{US.value}', json_decode(file_get_contents('worker.json'), true));"
    )
    (vendor / "example.php").write_text(code_of("php") + call)
    made = await asyncio.to_thread(subprocess.run, ["php", "example.php"], cwd=vendor, capture_output=True, check=True)

    assert (await post(browse, made.stdout.decode().strip()))[0] == 303
