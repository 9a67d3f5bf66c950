"""A connection through a forward proxy (RFC 9110 section 9.3.6): asked for by CONNECT, then as if there were none."""

import socket
from typing import Final
from urllib.parse import urlsplit

_MAX_HEAD: Final = 16_384
_PORT: Final = 3128


def connect(host: str, port: int, proxy: str | None, seconds: float) -> socket.socket:
    """Give a connection to a host, by the proxy where there is one.

    Raises:
        OSError: it cannot be had; the proxy's answer was another than 2xx.
    """
    if proxy is None:
        return socket.create_connection((host, port), timeout=seconds)
    parts = urlsplit(proxy)
    plain = socket.create_connection((parts.hostname or "", parts.port or _PORT), timeout=seconds)
    try:
        plain.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            # One byte at a time: what follows the head belongs to TLS.
            byte = plain.recv(1)
            if not byte or len(head) > _MAX_HEAD:
                raise ConnectionRefusedError("the proxy gave no answer")
            head += byte
        status = head.split(b" ", 2)[1:2]
        if not (status and len(status[0]) == 3 and status[0].startswith(b"2")):
            raise ConnectionRefusedError("the proxy does not lead there")
    except BaseException:
        plain.close()
        raise
    return plain
