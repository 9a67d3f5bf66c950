"""What the certificate files given to `init` are, and which of ANS's three products are still missing.

Files of TLS are only looked into; that of the signing key is opened, since the entry lists its public half and the join
request is signed with it.
"""

from pathlib import Path
from typing import Final

from connector.config.scaffold import Answers, KeyPairFiles
from connector.core.errors import ConfigFault
from connector.core.faults import reason
from connector.crypto.keys import Pkcs12, PrivateKeySigner, SigningAlgorithm, load_pkcs12, password_in
from connector.crypto.kinds import WANTED, Use, require_fit

_CREDENTIAL: Final = "credential:"
_OWN_KEY: Final = "ORG_SIGN: not given; mandates are signed by a key made here, which your entry lists"


def looked_into(answers: Answers) -> tuple[str, ...]:
    """Say of each use which product its file is, what is wrong with it, or that it is missing.

    Nothing is refused here: a wrong file can be replaced where the configuration names it, and the start refuses it.
    """
    return tuple(_said(use, getattr(answers, use)) for use in Use)


def signer_of(pair: KeyPairFiles, kid: str) -> PrivateKeySigner:
    """Open the signing key of a PKCS#12 file, to be listed under that name: PS256 with RSA, ES256 with P-256.

    Raises:
        ConfigFault: it is a systemd credential, cannot be read or opened, may not sign, or is of another kind.
    """
    if _is_credential(pair):
        raise ConfigFault.of("init.signing-credential", reference=pair.pkcs12)
    try:
        bundle = _opened(pair)
        require_fit(bundle.certificate, Use.SIGNING)
        algorithm = SigningAlgorithm.ES256 if hasattr(bundle.key, "curve") else SigningAlgorithm.PS256
        return PrivateKeySigner(kid, algorithm, bundle.key)
    except OSError as error:
        raise ConfigFault.of("init.signing-unreadable", path=str(error.filename), reason=reason(error)) from None
    except ConfigFault as error:
        raise ConfigFault.of("init.signing", path=pair.pkcs12, why=error.details[0]) from None


def _said(use: Use, pair: KeyPairFiles) -> str:
    if not pair.pkcs12:
        return (
            _OWN_KEY if use is Use.SIGNING else f"{WANTED[use]}: missing; a key and a request for it are made ({use})"
        )
    if _is_credential(pair):
        return f"{use}: a systemd credential, which cannot be looked into from here; {WANTED[use]} is needed"
    try:
        return f"{use}: {require_fit(_opened(pair).certificate, use)}"
    except OSError as error:
        return f"{use}: {error.filename} cannot be read ({error.strerror})"
    except ConfigFault as error:
        return f"{use}: {pair.pkcs12} will not do: {error}"


def _is_credential(pair: KeyPairFiles) -> bool:
    return pair.pkcs12.startswith(_CREDENTIAL) or pair.password.startswith(_CREDENTIAL)


def _opened(pair: KeyPairFiles) -> Pkcs12:
    data = Path(pair.pkcs12).read_bytes()
    password = password_in(Path(pair.password).read_bytes()) if pair.password else None
    return load_pkcs12(data, password)
