"""Which member list the configuration names, as the settings with which it is opened."""

from connector.config.load import LoadedFile
from connector.config.network import proxies
from connector.config.references import References
from connector.core.errors import ConfigFault
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.units import HOUR_SECONDS
from connector.directory.opening import MembersFileSettings, MembershipSettings
from connector.directory.settings import SignedDirectorySettings

ARCHIVE = "directory"
"""Folder of believed versions below `[state] directory`: kept as long as the ledgers, and backed up with them."""


def membership_settings(loaded: LoadedFile, references: References) -> MembershipSettings:
    """Give the settings of the file or of the signed directory; nothing is opened.

    Raises:
        ConfigFault: plain http:// in production, or systemd gave no credential that is named.
    """
    model, path, environment = loaded.model, references.path, loaded.model.member.environment
    if model.members is not None:
        return MembersFileSettings(path(model.members.file), environment)
    section = model.directory
    if section is None:  # the file's model has exactly one of the two
        raise ConfigFault.of("section.no-directory")
    if environment is Environment.PRODUCTION and any(url.startswith("http://") for url in section.urls):
        raise ConfigFault.of("section.plain-copies")
    return SignedDirectorySettings(
        root=path(section.root),
        archive=path(model.state.directory) / ARCHIVE,
        environment=environment,
        own=MemberId.parse(model.member.id, strict=False),
        urls=tuple(section.urls),
        grace_seconds=section.grace_hours * HOUR_SECONDS,
        refresh_seconds=section.refresh_minutes * 60,
        proxies=proxies(model.network),
    )
