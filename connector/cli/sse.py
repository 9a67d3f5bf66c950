"""Reading server-sent events: bytes in any pieces become events (WHATWG HTML, section 9.2.6), no socket here."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

MAX_EVENT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event."""

    id: str
    kind: str
    data: str


class StreamTooLong(ValueError):
    """An event that does not end."""


async def read_events(pieces: AsyncIterable[bytes]) -> AsyncIterator[SseEvent]:
    """Give the events of a stream as they are whole; one that breaks off in the middle is left out.

    Raises:
        StreamTooLong: an event is longer than any of ours.
    """
    rest = b""
    fields: dict[str, list[str]] = {}
    last_id = ""
    async for piece in pieces:
        *lines, rest = (rest + piece).replace(b"\r\n", b"\n").split(b"\n")
        if len(rest) > MAX_EVENT_BYTES:
            raise StreamTooLong
        for raw in lines:
            line = raw.decode("utf-8", "replace")
            if line:
                name, _, value = line.partition(":")
                fields.setdefault(name, []).append(value.removeprefix(" "))
                continue
            last_id = fields.get("id", [last_id])[-1]
            if "data" in fields:
                yield SseEvent(last_id, fields.get("event", ["message"])[-1], "\n".join(fields["data"]))
            fields = {}
