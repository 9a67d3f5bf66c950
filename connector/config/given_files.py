"""What the certificate files given to `init` are, and which of ANS's three products are still missing."""

from pathlib import Path
from typing import Final

from connector.config.scaffold import Answers, KeyPairFiles
from connector.core.errors import ConfigFault
from connector.crypto.keys import load_pkcs12
from connector.crypto.kinds import WANTED, Use, require_fit

_CREDENTIAL: Final = "credential:"
_OWN_KEY: Final = "ORG_SIGN: not given; mandates are signed by a key made here, which your entry lists"


def looked_into(answers: Answers) -> tuple[str, ...]:
    """Say of each use which product its file is, what is wrong with it, or that it is missing.

    Nothing is refused here: a wrong file can be replaced where the configuration names it, and the start refuses it.
    """
    said = [_said(use, getattr(answers, use)) for use in (Use.SERVER, Use.CLIENT)]
    return (*said, _OWN_KEY)


def _said(use: Use, pair: KeyPairFiles) -> str:
    if not pair.pkcs12:
        return f"{WANTED[use]}: missing; a key and a request for it are made ({use})"
    if pair.pkcs12.startswith(_CREDENTIAL) or pair.password.startswith(_CREDENTIAL):
        return f"{use}: a systemd credential, which cannot be looked into from here; {WANTED[use]} is needed"
    try:
        data = Path(pair.pkcs12).read_bytes()
        password = Path(pair.password).read_bytes().split(b"\n", 1)[0].rstrip(b"\r") if pair.password else None
        return f"{use}: {require_fit(load_pkcs12(data, password).certificate, use)}"
    except OSError as error:
        return f"{use}: {error.filename} cannot be read ({error.strerror})"
    except ConfigFault as error:
        return f"{use}: {pair.pkcs12} will not do: {error}"
