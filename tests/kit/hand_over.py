"""Hands listening sockets to a program as systemd does: descriptors from 3 on, named, for this very process id.

`python hand_over.py peer=7 local=9 -- PROGRAM ARGUMENT…`: the numbers are descriptors inherited from the caller.
"""

import os
import sys


def main() -> None:
    """Put the descriptors in their places and become the program."""
    cut = sys.argv.index("--")
    given = [argument.partition("=") for argument in sys.argv[1:cut]]
    # Out of the way first: a number given may be one of the places.
    held = [os.dup2(int(number), 100 + place) for place, (_, _, number) in enumerate(given)]
    for place, number in enumerate(held, 3):
        os.dup2(number, place)
        os.close(number)
    names = ":".join(name for name, _, _ in given)
    os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(given)), "LISTEN_FDNAMES": names}
    os.execv(sys.argv[cut + 1], sys.argv[cut + 1 :])


if __name__ == "__main__":
    main()
