"""INSi, the national service that verifies identities."""

# ruff: noqa: RUF012 (pydantic copies a default, and the sections are frozen)

from typing import Annotated, Literal

from pydantic import Field, model_validator

from connector.config.model.forms import FileRef, Refused, Section

_NEEDED = (
    "platform",
    "trusted_cas",
    "certificate",
    "authorisation",
    "software_name",
    "software_version",
    "software_instance",
)


class InsiSection(Section):
    """INSi: off unless it is switched on, and then complete."""

    enabled: bool = False
    platform: Literal["production", "qualification", "simulator"] | None = None
    endpoint: str | None = None
    server_name: str | None = None
    trusted_cas: list[FileRef] = []
    certificate: FileRef | None = None
    key: FileRef | None = None
    password: FileRef | None = None
    crls: list[FileRef] = []
    authorisation: str = ""
    software_name: str = ""
    software_version: str = ""
    software_instance: str = ""
    emitter: str | None = None
    call_seconds: Annotated[float, Field(ge=1, le=60)] = 10.0
    search_seconds: Annotated[float, Field(ge=1, le=120)] = 25.0
    retries: Annotated[int, Field(ge=0, le=3)] = 1
    pause_seconds: Annotated[float, Field(ge=0, le=10)] = 1.0
    max_at_once: Annotated[int, Field(ge=1, le=16)] = 4
    max_answer_bytes: Annotated[int, Field(ge=4096, le=4 * 1024 * 1024)] = 256 * 1024
    max_age_hours: Annotated[int, Field(ge=0, le=31 * 24)] = 24

    @model_validator(mode="after")
    def _complete(self) -> "InsiSection":
        missing = [name for name in _NEEDED if not getattr(self, name)] if self.enabled else []
        if missing:
            raise Refused("section.insi-incomplete", missing=", ".join(missing))
        return self
