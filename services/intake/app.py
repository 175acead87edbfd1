"""Intake, put together from its features."""

from fastapi import FastAPI

from services.intake.complaint import http as complaints_api
from services.intake.complaint.view import complaint_list
from services.intake.erasure import http as people_api
from services.intake.erasure import page as person_page
from services.intake.erasure.actions import erase_due, people
from services.intake.erasure.view import due, erasures
from services.intake.form import page as form
from services.intake.importing import http as imports_api
from services.intake.ledger import http as ledger_api
from services.intake.ledger import page as ledger_page
from services.intake.ledger.view import ledger
from services.intake.links import page as links
from services.intake.mailbox import page as mailbox_page
from services.intake.mailbox.server import Mailbox
from services.intake.message import policy as letters
from services.intake.message.effect import mailer
from services.intake.message.view import outbox, received_list
from services.intake.person.view import contacts
from services.intake.settings import IntakeSettings
from shared.features.action_routes import api_routes, form_routes
from shared.features.feature import Feature, assemble
from shared.features.timer import Timer
from shared.keys.compaction import KeyCompaction
from shared.service.runtime import Runtime


def _smtp(runtime: Runtime) -> tuple[str, int]:
    host, _, port = IntakeSettings.of(runtime.settings).smtp.partition(":")
    return host, int(port or 25)


FEATURES = (
    Feature("importing", routes=[imports_api.routes]),
    Feature("ledger", views=[ledger], routes=[ledger_api.routes, ledger_page.routes]),
    Feature("complaint", views=[complaint_list], routes=[complaints_api.routes]),
    Feature("form", routes=[form.routes]),
    Feature("links", routes=[links.routes, links.api]),
    Feature("person", views=[contacts]),
    Feature(
        "message", views=[outbox, received_list],
        policies=[letters.acknowledge, letters.replies, letters.promotion, letters.invite],
        effects=[lambda runtime: mailer(*_smtp(runtime))],
    ),
    Feature(
        "erasure", views=[erasures], timers=[Timer("erasure", due, erase_due)],
        routes=[
            people_api.routes, api_routes(people, "people"),
            person_page.routes, form_routes(people, person_page.show, "people.erase"),
        ],
        workers=[lambda runtime: KeyCompaction(runtime.settings.cluster, runtime.settings.postgres).run()],
    ),
)  # fmt: skip
MAILBOX = Feature(
    "mailbox", routes=[mailbox_page.routes], workers=[lambda runtime: Mailbox(runtime, _smtp(runtime)[1]).run()]
)
"""Of the embedded mode alone."""


def build(settings: IntakeSettings) -> FastAPI:
    return assemble("intake", settings, (*FEATURES, MAILBOX) if settings.embedded else FEATURES)
