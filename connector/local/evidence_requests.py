"""What callers send about evidence and reports."""

from connector.local.requests import Body
from connector.local.trust_requests import PersonName


class SignReviewIn(Body):
    """Who signs a month's review off."""

    by: PersonName
