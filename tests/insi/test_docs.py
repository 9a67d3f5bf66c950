"""docs/insi.md says what there is: every code, every setting, every default."""

from dataclasses import MISSING, fields
from pathlib import Path

from connector.core.codes import Code
from connector.core.identity_rules import DocumentKind
from connector.insi.settings import InsiPlatform, InsiSettings

PAGE = (Path(__file__).parents[2] / "docs" / "insi.md").read_text(encoding="utf-8")


def test_every_code_of_insi_identity_moves_and_label_is_explained():
    ours = [code for code in Code if code.startswith(("insi.", "datamatrix."))]
    ours += [Code.IDENTITY_CALL_FORBIDDEN, Code.IDENTITY_STATUS, Code.IDENTITY_EVIDENCE]

    assert not [code for code in ours if f"| `{code}` |" not in PAGE]


def test_every_setting_is_there_with_its_default():
    for setting in fields(InsiSettings):
        if setting.name in {"tls", "software", "proxies"}:  # the last is [network]'s
            continue
        line = next((line for line in PAGE.splitlines() if line.startswith(f"| `{setting.name}`")), "")
        assert line, setting.name
        if setting.default is not MISSING and setting.default is not None:
            assert f"| {setting.default:g} |" in line or f"| {setting.default} |" in line, setting.name


def test_every_platform_is_named():
    assert not [platform for platform in InsiPlatform if platform.value not in PAGE]


def test_documents_that_are_accepted_are_few_and_known():
    assert {kind.value for kind in DocumentKind} == {"CN", "PA", "CS", "eCN", "IN", "AV", "AN", "LE"}
