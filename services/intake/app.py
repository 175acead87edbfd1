"""Puts intake together: the only place that reads its settings."""

from fastapi import FastAPI

from services.intake import http, pages
from services.intake.application import Intake
from services.intake.mailbox import Mailbox
from services.intake.mailer import Mailer
from services.intake.policies import policies
from services.intake.views.complaints import complaint_list
from services.intake.views.contacts import contacts
from services.intake.views.ledger import ledger
from services.intake.views.outbox import outbox
from shared.identity import Signer
from shared.runtime import Runtime, Settings

VIEWS = (ledger, complaint_list, contacts, outbox)


def build(settings: Settings) -> FastAPI:
    """The running service, once its lifespan begins."""
    signer = Signer(settings.secret)
    runtime = Runtime("intake", settings, VIEWS, policies(signer, settings.public_url))
    intake = Intake(runtime)
    host, _, port = settings.smtp.partition(":")
    runtime.workers.append(Mailer(runtime, host, int(port or 25)).run)
    if settings.embedded:
        runtime.workers.append(Mailbox(runtime, int(port)).run)
    app = runtime.application("Recourse intake")
    app.include_router(http.router(intake))
    app.include_router(http.people(intake))
    app.include_router(pages.router(intake))
    return app
