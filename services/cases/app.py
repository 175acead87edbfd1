"""Cases, put together from its features."""

from functools import partial

from services.cases.alerts import policy as alerts
from services.cases.aspects import assignment, classification, correction, raising, resolution
from services.cases.aspects.view import aspect_list
from services.cases.case.actions import work
from services.cases.case_page import http as case_api
from services.cases.case_page import page as case_page
from services.cases.case_page.timeline import timeline
from services.cases.caseload import bulk
from services.cases.caseload import page as caseload_page
from services.cases.caseload.view import caseload
from services.cases.closing import closing
from services.cases.conversation import contact, reply
from services.cases.conversation import http as conversation_api
from services.cases.conversation.timer import sending
from services.cases.conversation.view import reply_list
from services.cases.notes import note
from services.cases.opening import policy as opening
from services.cases.priority import priority
from services.cases.waiting import waiting
from services.cases.waiting.timer import returning
from shared.features.action_routes import api_routes, form_routes
from shared.features.feature import Feature, assemble

FEATURES = (
    Feature("opening", policies=[opening.policy]),
    Feature("alerts", policies=[alerts.policy]),
    Feature("caseload", views=[caseload], routes=[caseload_page.routes, bulk.routes]),
    Feature("aspects", views=[aspect_list], actions=[raising, classification, assignment, resolution, correction]),
    Feature(
        "conversation", views=[reply_list], routes=[conversation_api.routes], actions=[reply, contact],
        timers=[sending],
    ),
    Feature("waiting", actions=[waiting], policies=[waiting.resumption], timers=[returning]),
    Feature("notes", actions=[note]),
    Feature("priority", actions=[priority]),
    Feature("closing", actions=[closing]),
    Feature(
        "case_page", views=[timeline],
        routes=[
            case_api.routes, api_routes(work, "cases"),
            case_page.routes, form_routes(work, case_page.show, "cases.read"),
        ],
    ),
)  # fmt: skip
build = partial(assemble, "cases", features=FEATURES, rest=0.01)
