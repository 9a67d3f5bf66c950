"""From settings to a service that calls INSi: everything that can be wrong is found here, before anything is sent."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from connector.core.codes import Code
from connector.core.errors import ConfigFault
from connector.core.insi import InsiCode, InsiOperation
from connector.core.oid import Environment
from connector.core.ports import Clock, Entropy, HouseLedger
from connector.core.ports_insi import AnswerCache, InsiObserver
from connector.crypto.names import CertificateNames
from connector.insi.cache import MemoryAnswers
from connector.insi.service import InsiService
from connector.insi.settings import InsiSettings
from connector.insi.transport import Destination, MutualTls
from connector.peer.tls import TlsMaterial, client_context


class QuietObserver:
    """`core.ports_insi.InsiObserver` that keeps nothing."""

    def insi_answered(self, operation: InsiOperation, code: InsiCode, ms: float) -> None:
        """Keep nothing."""

    def insi_failed(self, operation: InsiOperation, code: Code, service_code: str, ms: float) -> None:
        """Keep nothing."""


def check_insi(settings: InsiSettings, environment: Environment) -> tuple[TlsMaterial, str]:
    """Read the certificate and hold the settings against it; what `open_insi` does first, for `check` to do alone.

    Raises:
        ConfigFault: lxml is not installed, a file is missing or unreadable, or what `InsiSettings.check` refuses.
    """
    if find_spec("lxml") is None:
        raise ConfigFault.of("insi.library")
    material = settings.tls.read()
    client_context(material)
    return material, settings.check(environment, CertificateNames.from_pem(material.chain))


def open_insi(
    settings: InsiSettings,
    environment: Environment,
    *,
    clock: Clock,
    entropy: Entropy,
    ledger: HouseLedger,
    cache: AnswerCache | None = None,
    observer: InsiObserver | None = None,
) -> InsiService:
    """Build the service of a configuration, with answers kept in memory unless another cache is given.

    Raises:
        ConfigFault: as `check_insi`, or TLS does not take certificate, key or authorities.
    """
    material, emitter = check_insi(settings, environment)
    destination = Destination(
        settings.url,
        settings.server_name_end,
        settings.max_answer_bytes,
        settings.proxies.of(urlsplit(settings.url).hostname),
    )
    return InsiService(
        settings,
        emitter,
        MutualTls(destination, material),
        clock=clock,
        entropy=entropy,
        ledger=ledger,
        cache=cache or MemoryAnswers(),
        observer=observer or QuietObserver(),
    )
