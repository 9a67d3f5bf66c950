"""Which connector a command talks to, and with which key: by `--url` and `--key-file`, or by its configuration.

Only two values are read of the configuration, so that a person who may call the API need not be able to read the rest.
A key is never an argument: it would stand in the list of processes. It is not sent in clear beyond this machine.
"""

import os
import ssl
import stat
import tomllib
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from connector.cli.faults import Exit, Fault

DEFAULT_CONFIG: Final = Path("/etc/spsti-connector/connector.toml")
DEFAULT_URL: Final = "http://127.0.0.1:8480"
MAX_KEY_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Target:
    """The address of a local API. `certificate` is the file it must prove itself by, `pinned` if it is its own."""

    url: str
    key: str = field(repr=False, default="")
    certificate: Path | None = None
    pinned: bool = False

    def context(self) -> ssl.SSLContext | bool:
        """Give how its TLS certificate is checked.

        Raises:
            Fault: the certificate file cannot be used.
        """
        if not self.url.startswith("https:"):
            return True
        try:
            context = ssl.create_default_context(cafile=str(self.certificate) if self.certificate else None)
        except OSError as error:
            raise Fault(
                f"{self.certificate}: no certificate can be read from it",
                why=str(error.strerror or "not PEM"),
                do="name the PEM file of the certificate, or of its authority: --ca-file FILE",
                status=Exit.CONFIG,
            ) from None
        if self.pinned:
            # It is the very certificate that the configuration names: whatever name it bears, it is the right one.
            context.check_hostname = False
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context


def resolve(
    config: Path | None,
    url: str | None,
    key_file: Path | None,
    ca_file: Path | None,
    *,
    default: Path = DEFAULT_CONFIG,
) -> Target:
    """Find the connector; without configuration and address, by the configuration of the system if it can be read.

    Raises:
        Fault: configuration, address or key cannot be used.
    """
    certificate, pinned = ca_file, False
    if url is None:
        if config is None and os.access(default, os.R_OK):
            config = default
        url = DEFAULT_URL
        if config is not None:
            url, own = _from_config(config)
            if certificate is None and own is not None:
                certificate, pinned = own, True
    _check(url)
    return Target(url.rstrip("/"), _read_key(key_file) if key_file is not None else "", certificate, pinned)


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None  # a port that is none is refused as it is read
    except ValueError:
        return None


def _check(url: str) -> None:
    parts = _parts(url)
    if parts is None or parts.scheme not in {"http", "https"} or parts.username or parts.query or parts.path > "/":
        raise Fault("--url: not an address of a connector", do="give http://127.0.0.1:8480 or https://HOST:PORT")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise Fault(
            "--url: http beyond this machine",
            why="the key and identities would travel in clear",
            do="use https://, or call it on the machine it runs on",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _from_config(path: Path) -> tuple[str, Path | None]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not TOML in UTF-8"
        raise Fault(
            f"{path}: cannot be read", why=str(reason), do="give --config FILE, or --url", status=Exit.CONFIG
        ) from None
    local: Any = data.get("local", {})
    listen = local.get("listen", "127.0.0.1:8480") if isinstance(local, dict) else None
    host, _, port = listen.rpartition(":") if isinstance(listen, str) else ("", "", "")
    if not host or not port.isdecimal() or port == "0":
        raise Fault(f"{path}: [local] listen names no address with a port", do="give --url instead", status=Exit.CONFIG)
    certificate = local.get("certificate")
    scheme = "https" if certificate else "http"
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104 - where it listens, not we
    own = path.parent / certificate if isinstance(certificate, str) and certificate else None
    return f"{scheme}://{host}:{port}", own


def _read_key(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & stat.S_IRWXO:
                raise Fault(
                    f"{path}: everybody on this machine may read the key in it",
                    do=f"chmod 600 {path}, and make a new key if others used this one",
                )
            text = file.read(MAX_KEY_BYTES).decode("ascii").strip()
    except OSError as error:
        raise Fault(f"{path}: the key cannot be read", why=error.strerror or "", do="give --key-file FILE") from None
    except UnicodeDecodeError:
        text = ""
    if not text or not text.isprintable() or " " in text:
        raise Fault(f"{path}: holds no API key", do="put one key alone into it; make one: spsti-connector api-key new")
    return text
