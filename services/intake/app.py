"""Puts intake together: the only place that reads its settings."""

from fastapi import FastAPI

from services.intake.complaint import http
from services.intake.complaint.commands import Intake
from services.intake.complaint.view import complaint_list
from services.intake.erasure import http as people_http
from services.intake.erasure import page as people_pages
from services.intake.erasure.commands import Erasures
from services.intake.erasure.retention import load_retention
from services.intake.erasure.view import erasures
from services.intake.ledger import page as ledger_page
from services.intake.ledger.view import ledger
from services.intake.links import page as link_pages
from services.intake.links.commands import Tracking
from services.intake.mailbox.server import Mailbox
from services.intake.message.effect import Mailer
from services.intake.message.policy import policies
from services.intake.message.view import outbox
from services.intake.pages import pages
from services.intake.person.view import contacts
from services.intake.settings import IntakeSettings
from shared.keys.compaction import KeyCompaction
from shared.security.signing import Signer
from shared.service.runtime import Runtime

VIEWS = (ledger, complaint_list, contacts, outbox, erasures)


def build(settings: IntakeSettings) -> FastAPI:
    """The running service, once its lifespan begins."""
    signer = Signer(settings.secret)
    runtime = Runtime("intake", settings, VIEWS, policies(signer, settings.url))
    intake, forgetting = Intake(runtime), Erasures(runtime, load_retention())
    tracking = Tracking(runtime, settings.link_days)
    host, _, port = settings.smtp.partition(":")
    runtime.workers.append(Mailer(runtime, host, int(port or 25)).run)
    runtime.workers += [KeyCompaction(settings.cluster, settings.postgres).run, forgetting.run]
    if settings.embedded:
        runtime.workers.append(Mailbox(runtime, int(port)).run)
    app = runtime.application("Recourse intake")
    app.include_router(http.router(intake))
    app.include_router(people_http.router(forgetting))
    app.include_router(people_pages.router(forgetting, pages))
    app.include_router(link_pages.api(tracking))
    app.include_router(ledger_page.router(intake, tracking))
    return app
