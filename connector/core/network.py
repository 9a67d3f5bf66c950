"""Which forward proxy leads to which host, as a value: rules in their order, the first that fits counts."""

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Proxies:
    """Rules of a pattern and a proxy's URL each: `*.ans.fr` fits every name below, `*` every host."""

    rules: tuple[tuple[str, str], ...] = ()

    def of(self, host: str | None) -> str | None:
        """Give the proxy's URL for a host, None for the straight way. Case and a final dot do not count."""
        name = (host or "").lower().rstrip(".")
        return next((url for pattern, url in self.rules if fnmatchcase(name, pattern.lower())), None)


STRAIGHT = Proxies()
"""No proxy for anybody."""
