"""Puts intake together: the only place that reads its settings."""

from fastapi import FastAPI

from services.intake import http, link_pages, pages, people_http, people_pages
from services.intake.application import Intake
from services.intake.erasure import Erasures
from services.intake.mailbox import Mailbox
from services.intake.mailer import Mailer
from services.intake.policies import policies
from services.intake.retention import load_retention
from services.intake.tracking import Tracking
from services.intake.views.complaints import complaint_list
from services.intake.views.contacts import contacts
from services.intake.views.erasures import erasures
from services.intake.views.ledger import ledger
from services.intake.views.outbox import outbox
from shared.keys.compaction import KeyCompaction
from shared.security.signing import Signer
from shared.service.runtime import Runtime
from shared.service.settings import Settings

VIEWS = (ledger, complaint_list, contacts, outbox, erasures)


def build(settings: Settings) -> FastAPI:
    """The running service, once its lifespan begins."""
    signer = Signer(settings.secret)
    runtime = Runtime("intake", settings, VIEWS, policies(signer, settings.public_url))
    intake, forgetting = Intake(runtime), Erasures(runtime, load_retention())
    host, _, port = settings.smtp.partition(":")
    runtime.workers.append(Mailer(runtime, host, int(port or 25)).run)
    runtime.workers += [KeyCompaction(settings.kafka, settings.postgres).run, forgetting.run]
    if settings.embedded:
        runtime.workers.append(Mailbox(runtime, int(port)).run)
    app = runtime.application("Recourse intake")
    app.include_router(http.router(intake))
    app.include_router(people_http.router(forgetting))
    app.include_router(people_pages.router(forgetting, pages.pages))
    app.include_router(link_pages.api(Tracking(runtime)))
    app.include_router(pages.router(intake))
    return app
