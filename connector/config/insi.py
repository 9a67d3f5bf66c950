"""From the section `[insi]` to what the client of INSi is told.

What belongs together (environment, platform, endpoint, certificate) is checked by `connector.insi`, when the start
reads the section.
"""

from connector.config.model import InsiSection
from connector.config.references import References
from connector.core.network import STRAIGHT, Proxies
from connector.insi.settings import InsiPlatform, InsiSettings, Software
from connector.peer.tls import TlsSettings


def insi_settings(section: InsiSection, references: References, proxies: Proxies = STRAIGHT) -> InsiSettings | None:
    """Give the settings, None where INSi is not called from here.

    Raises:
        ConfigFault: a credential is named that is not there.
    """
    if not section.enabled or section.platform is None:
        return None
    path = references.path
    return InsiSettings(
        platform=InsiPlatform(section.platform),
        tls=TlsSettings(
            trusted_cas=tuple(map(path, section.trusted_cas)),
            certificate=path(section.certificate or ""),
            key=path(section.key) if section.key else None,
            password=path(section.password) if section.password else None,
            crls=tuple(map(path, section.crls)),
        ),
        software=Software(
            section.authorisation, section.software_name, section.software_version, section.software_instance
        ),
        endpoint=section.endpoint,
        server_name=section.server_name,
        emitter=section.emitter,
        call_seconds=section.call_seconds,
        search_seconds=section.search_seconds,
        retries=section.retries,
        pause_seconds=section.pause_seconds,
        max_at_once=section.max_at_once,
        max_answer_bytes=section.max_answer_bytes,
        max_age_hours=section.max_age_hours,
        proxies=proxies,
    )
