"""What stands in the place of INSi where a house has none: `[insi] enabled = false` is a complete way.

The vendor then supplies qualified identities; whoever asks for a call learns that there is none here.
"""

from connector.core.codes import Code
from connector.core.errors import InsiFault
from connector.core.identity import IdentityAttribute, QualifiedIdentity
from connector.core.insi import InsiAnswer, InsiCaller, SearchTraits, Verification, VitaleCard
from connector.core.ports_insi import NO_ATTRIBUTES


class InsiOff:
    """`core.ports_insi.IdentityService` that makes no call; every method raises InsiFault `insi.off`."""

    async def search_by_traits(
        self,
        traits: SearchTraits,  # noqa: ARG002 - the port's
        *,
        by: InsiCaller,  # noqa: ARG002
        attributes: frozenset[IdentityAttribute] = NO_ATTRIBUTES,  # noqa: ARG002
        fresh: bool = False,  # noqa: ARG002
    ) -> InsiAnswer:
        """Raise `insi.off`."""
        raise _off()

    async def search_by_vitale(
        self,
        card: VitaleCard,  # noqa: ARG002
        *,
        by: InsiCaller,  # noqa: ARG002
        attributes: frozenset[IdentityAttribute] = NO_ATTRIBUTES,  # noqa: ARG002
        fresh: bool = False,  # noqa: ARG002
    ) -> InsiAnswer:
        """Raise `insi.off`."""
        raise _off()

    async def verify(
        self,
        identity: QualifiedIdentity,  # noqa: ARG002
        *,
        by: InsiCaller,  # noqa: ARG002
        attributes: frozenset[IdentityAttribute] = NO_ATTRIBUTES,  # noqa: ARG002
        fresh: bool = False,  # noqa: ARG002
    ) -> Verification:
        """Raise `insi.off`."""
        raise _off()


def _off() -> InsiFault:
    return InsiFault(
        "INSi: this connector does not call it ([insi] enabled = false)",
        code=Code.INSI_OFF,
        hint="qualify the identity in the software that holds it",
    )
