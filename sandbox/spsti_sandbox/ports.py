"""Ports of loopback that stay one's own, also while nothing listens on them.

A port that was only looked up is anybody's: by the time the daemon starts, or starts again, another program may have
been given it. Here each is bound and never listened on: who calls it is refused, and the kernel gives it to nobody who
asks for any port. A server that names it gets it all the same, since both sides set SO_REUSEADDR (socket(7)).
"""

import os
import socket
import weakref
from contextlib import ExitStack


class HeldPorts:
    """So many ports, all different, held as long as this object lives; `numbers` names them."""

    def __init__(self, count: int) -> None:
        with ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
            for one in sockets:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(("127.0.0.1", 0))
            self.numbers = tuple(int(one.getsockname()[1]) for one in sockets)
            weakref.finalize(self, _close, [one.detach() for one in sockets])


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
