"""The forms of single values, and what every section has in common."""

from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connector.core.errors import ConnectorError
from connector.core.faults import Fault
from connector.core.members import MemberId
from connector.core.practitioner_id import PractitionerId


class Refused(ValueError):
    """What a validator of ours refuses: a kind of fault with its values, worded where it is told."""

    def __init__(self, kind: str, **values: object) -> None:
        self.fault = Fault(kind, values)
        super().__init__(self.fault.text("en"))


def _parsed_by(parse: Any, kind: str) -> AfterValidator:  # noqa: ANN401 - any of core's parsers
    def check(text: str) -> str:
        try:
            parse(text)
        except ConnectorError as error:
            raise Refused(kind) from error
        return text

    return AfterValidator(check)


def _listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    try:
        ip_address(host.strip("[]"))
    except ValueError as error:
        raise Refused("value.listen-address") from error
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise Refused("value.listen-port")
    return text


def _https(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise Refused("value.https-origin")
    if parts.path not in {"", "/"}:
        raise Refused("value.https-path")
    return text.rstrip("/")


def _proxy(text: str) -> str:
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "http" or not parts.hostname or port is None or parts.path not in {"", "/"} or parts.query:
        raise Refused("value.proxy")
    if parts.username or parts.fragment:
        raise Refused("value.proxy-login")
    return text.rstrip("/")


def _copy(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise Refused("value.copy")
    return text if text.endswith("/") else text + "/"


def _web(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.fragment:
        raise Refused("value.web")
    return text


def _http_origin(text: str) -> str:
    parts = urlsplit(text)
    loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise Refused("value.origin-plain")
    if not parts.hostname or parts.username or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise Refused("value.https-origin")
    return text.rstrip("/")


def _provider(text: str) -> str:
    parts = urlsplit(text)
    loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    secure = parts.scheme == "https" or (parts.scheme == "http" and loopback)
    if not secure or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise Refused("value.provider")
    return text


MemberIdText = Annotated[str, _parsed_by(lambda text: MemberId.parse(text, strict=False), "value.member-id")]
PractitionerIdText = Annotated[str, _parsed_by(PractitionerId.parse, "value.practitioner-id")]
Listen = Annotated[str, AfterValidator(_listen)]
HttpsOrigin = Annotated[str, AfterValidator(_https)]
HttpProxy = Annotated[str, AfterValidator(_proxy)]
CopyUrl = Annotated[str, AfterValidator(_copy)]
HttpOrigin = Annotated[str, AfterValidator(_http_origin)]
ProviderUrl = Annotated[str, AfterValidator(_provider)]
WebUrl = Annotated[str, AfterValidator(_web)]
FileRef = Annotated[str, Field(min_length=1)]
KeyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Section(BaseModel):
    """What every table of the file has in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)
