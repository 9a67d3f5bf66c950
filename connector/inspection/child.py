"""`python -m connector.inspection.child`: has the parser ready, and gives every document a process of its own.

An order is one message with three descriptors: the document, where its copy goes, and where the answer goes. The
process that takes it is a copy of this one, limited before the first byte is parsed (`confine`), and ends with its
document: nothing of one reaches the next, and what it dies of concerns that document alone. Its parent reads no byte.
"""

import json
import os
import signal
import socket
from typing import Any, Final, NoReturn

import pikepdf

from connector.child_process import Limits, settle
from connector.core.inspection import FindingKind, Handling
from connector.inspection import confine, document

ORDER_BYTES: Final = 16 * 1024
_DESCRIPTORS: Final = 3


def main() -> None:
    """Serve orders until the parent closes its end."""
    orders = settle(Limits(open_files=64))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel takes away what ended
    _warm()
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, ORDER_BYTES, _DESCRIPTORS)
        if not message:
            return
        try:
            if len(descriptors) == _DESCRIPTORS and os.fork() == 0:
                orders.close()
                _work(message, *descriptors)
        except OSError:
            pass  # no process is left: the answer's end closes unanswered, which says so
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


def _work(message: bytes, source: int, target: int, answer_to: int) -> NoReturn:
    """Look into one document, and end."""
    reply = socket.socket(fileno=answer_to)
    try:
        order = json.loads(message)
        confine.limit(memory_bytes=order["memory_bytes"], seconds=order["seconds"], file_bytes=order["copy_bytes"])
        is_confined = confine.confine()
        policy = {FindingKind(kind): Handling(handling) for kind, handling in order["policy"].items()}
        answer: dict[str, Any] = document.look_into(source, target, policy)
        answer["confined"] = is_confined
    except MemoryError:
        answer = {"verdict": "memory", "found": {}}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it ends with this document, and is told by its type
        answer = {"verdict": "failed", "found": {}, "error": type(error).__name__}
    try:
        reply.sendall(json.dumps(answer).encode())
    finally:
        os._exit(0)


def _warm() -> None:
    """Go through a small document once, so that everything is loaded before the first real one is there."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("0"))
    source, target = os.memfd_create("source"), os.memfd_create("target")
    with open(source, "wb", closefd=False) as file:
        pdf.save(file, encryption=pikepdf.Encryption(owner="0", user="", R=6))
    document.look_into(source, target, dict.fromkeys(FindingKind, Handling.STRIP))
    os.close(source)
    os.close(target)


if __name__ == "__main__":
    main()
