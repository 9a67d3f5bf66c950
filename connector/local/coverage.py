"""Operations on the coverage: how many workers could be answered about, and why peers were given nothing."""

from aiohttp import web

from connector.local.bodies import answer
from connector.local.guards import PORTS, language_of
from connector.local.register_views import coverage_out


async def show(request: web.Request) -> web.Response:
    """`GET /api/v1/coverage`: as last counted; the vendor's software is not asked."""
    return answer(request, coverage_out(await request.app[PORTS].coverage.report(), language_of(request)))


async def measure(request: web.Request) -> web.Response:
    """`POST /api/v1/coverage`: counted now."""
    return answer(request, coverage_out(await request.app[PORTS].coverage.measure(), language_of(request)))
