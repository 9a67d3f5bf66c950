"""The forward proxies of `[network]` as the value that every client is handed."""

from connector.config.model import NetworkSection
from connector.core.network import Proxies


def proxies(section: NetworkSection) -> Proxies:
    """Give the rules in the order in which they stand."""
    return Proxies(tuple((pattern, rule.url) for rule in section.proxies for pattern in rule.hosts))
