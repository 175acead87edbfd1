"""How quick are lists, searches, cases and trails when there are 100,000 cases?"""

import asyncio
import tempfile
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import quote

from tests.load.client import Connection, connect, get
from tests.load.filling import RARE, bring_in, rows_file
from tests.load.measuring import Figure, percentile
from tests.processes import Site
from tests.settling import Watch

FULL, SMALL = (100_000, 200), (200, 5)
"""Cases, and requests of each kind."""
PAGES = 300
"""How deep the deep page is, in pages of 100."""
LISTS = {
    "caseload": "/api/v1/cases?view=open",
    "caseload as a page": "/cases",
    "caseload, one product": f"/api/v1/cases?product={quote('Debt collection')}",
    "caseload, red and one product": f"/api/v1/cases?view=red&product={quote('Mortgage')}",
    "caseload, one firm": f"/api/v1/cases?organisation={quote('Bank 7')}",
    "caseload, angriest first": "/api/v1/cases?view=open&sort=sentiment",
    "search, a common word": "/api/v1/cases?q=account",
    "search, a phrase": f"/api/v1/cases?q={quote(chr(34) + 'credit report' + chr(34))}",
    "search, two words": f"/api/v1/cases?q={quote('late mortgage')}",
    "search, a rare word": f"/api/v1/cases?q={RARE}",
}
OF_A_CASE = {
    "cases": {"one case": "/api/v1/cases/{}", "one case as a page": "/cases/{}"},
    "reporting": {"audit trail of a case": "/api/v1/audit/{}", "audit trail as a page": "/audit/{}"},
}
REPORTS = {"counts by product": "/api/v1/reports/counts?by=product", "reports as a page": "/reports"}


def measure(site: Site, small: bool) -> list[Figure]:
    """One request after the other on one connection, beside a request that asks the same server for nothing."""
    cases, times = SMALL if small else FULL
    with tempfile.TemporaryDirectory() as folder, Watch(site.at) as watch:
        bring_in(site, rows_file(Path(folder), cases))
        watch.settle(1800)
        assert watch.count("cases", "caseload where reference is not null") >= cases
    return asyncio.run(_measure(site, times))


async def _measure(site: Site, times: int) -> list[Figure]:
    token = site.at.token("machine", "load")
    cases, reporting = await connect(site.ports["cases"]), await connect(site.ports["reporting"])
    bare = {at: await _times(at, [get("/health/live", token)], times) for at in (cases, reporting)}
    ids, deep = await _follow(cases, token)
    asked = {name: (cases, [path]) for name, path in LISTS.items()}
    asked["caseload, a deep page"] = (cases, [deep])
    for at, service in ((cases, "cases"), (reporting, "reporting")):
        asked |= {name: (at, [path.format(id_) for id_ in ids]) for name, path in OF_A_CASE[service].items()}
    asked |= {name: (reporting, [path]) for name, path in REPORTS.items()}
    figures = []
    for name, (at, paths) in asked.items():
        took = await _times(at, [get(path, token) for path in paths], times)
        figures += [
            Figure(f"{name}: p{share:.0%}".rstrip("%"), percentile(took, share) * 1e3, "ms",
                   percentile(bare[at], share) * 1e3, "asking for nothing")
            for share in (0.5, 0.95)
        ]  # fmt: skip
    cases.close()
    reporting.close()
    return figures


async def _follow(cases: Connection, token: str) -> tuple[list[str], str]:
    """Ids of many cases, and the address of the last page that was reached by following the list."""
    path, ids, reached = "/api/v1/cases?page[size]=100&sort=-received", list[str](), ""
    for _ in range(PAGES):
        page = (await cases.ask(get(path + reached, token))).json()
        ids.append(page["data"][0]["case_id"])
        if not page["meta"]["has_more"]:
            break
        reached = f"&page[after]={quote(page['meta']['after_cursor'])}"
    return ids, path + reached


async def _times(at: Connection, requests: list[bytes], times: int) -> list[float]:
    """The first few answers warm what is cached and are not counted."""
    for request in islice(cycle(requests), 3):
        await at.ask(request)
    answers = [await at.ask(request) for request in islice(cycle(requests), times)]
    assert all(answer.status == 200 for answer in answers), answers[0].body[:300]
    return [answer.seconds for answer in answers]
