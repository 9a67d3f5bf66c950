"""Section `[alerts]` as the settings that the daemon rings with."""

import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connector.config.load import LoadedFile
from connector.config.network import proxies
from connector.config.references import References
from connector.core.errors import ConfigFault
from connector.wire.alert import parse_key


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Where alerts are sent and by which proxy, by which key they are signed, and by what the receiver is believed."""

    url: str
    key: bytes = field(repr=False)
    trusted: ssl.SSLContext | None = None
    proxy: str | None = None


def alert_settings(loaded: LoadedFile, references: References) -> AlertSettings | None:
    """Give the settings, None where nobody wants to be told; nobody is asked.

    Raises:
        ConfigFault: the key cannot be read or is not one, or the receiver's authority cannot.
    """
    section = loaded.model.alerts
    if section.webhook is None or section.webhook_key is None:
        return None
    try:
        key = parse_key(references.read(section.webhook_key).decode(errors="replace"))
    except ValueError as error:
        raise ConfigFault.of("alerts.key", text=str(error)) from None
    trusted = None
    if section.webhook_ca is not None:
        try:
            trusted = ssl.create_default_context(cadata=references.read(section.webhook_ca).decode())
        except (ssl.SSLError, ValueError):
            raise ConfigFault.of("alerts.authority") from None
    proxy = proxies(loaded.model.network).of(urlsplit(section.webhook).hostname)
    return AlertSettings(section.webhook, key, trusted, proxy)
