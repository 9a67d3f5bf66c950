"""What needs no mandate and names no ledger: capabilities, the directory's files (PROTOCOL section 1)."""

from aiohttp import web

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.ports import DirectoryFiles, MemberDirectory
from connector.peer.protocol import PeerRequest, respond
from connector.peer.refusals import HttpRefused
from connector.peer.settings import PeerServerSettings
from connector.wire import fhir


class OpenRoutes:
    """Routes that name nobody and so leave no entry."""

    def __init__(
        self,
        settings: PeerServerSettings,
        own: MemberId,
        directory: MemberDirectory,
        files: DirectoryFiles,
    ) -> None:
        self._settings, self._own, self._directory, self._files = settings, own, directory, files

    async def metadata(self, *_: object) -> web.StreamResponse:
        """Serve `GET /fhir/metadata`."""
        own = self._directory.get(self._own)
        if own is None:
            raise FailedClosed("directory: this member is not in it", code=Code.DIRECTORY_UNAVAILABLE)
        body = fhir.capability_statement(
            own,
            base_url=own.endpoint + "/fhir",
            version=self._settings.version,
            released_on=self._settings.released_on,
        )
        return respond(200, body, fhir.CONTENT_TYPE)

    async def directory_file(
        self, _request: PeerRequest, _member: Member | None, _now: Instant, _started: float, path: str
    ) -> web.StreamResponse:
        """Serve `GET /directory/<path>`."""
        content = self._files.read(path)
        if content is None:
            raise HttpRefused(404, "directory: this member mirrors no such file")
        return respond(200, content, "application/octet-stream")
