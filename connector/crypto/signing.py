"""Having something signed without anybody else waiting for it: a key in memory takes microseconds, a token its time."""

from collections.abc import Callable
from typing import Any, TypeVar

from connector.core.ports import Signer
from connector.crypto.keys import Switched
from connector.crypto.token import TokenSigner

T = TypeVar("T")


async def sealed(signer: Signer, seal: Callable[[Signer], T]) -> T:
    """Give what `seal` makes of the key in use, which is the same one from name to signature.

    At once where the key is in memory; where it is in a token, in that token's thread, one after the other.

    Raises:
        Whatever `seal` raises; FailedClosed `signer.unavailable` where the token does not sign.
    """
    current: Any = signer.current if isinstance(signer, Switched) else signer
    if isinstance(current, TokenSigner):
        return await current.run(seal)
    return seal(current)
