"""The pages of cases: its features' templates before the shared ones."""

from shared.features.codes import LISTS, tone
from shared.features.event_text import event_text
from shared.web.pages import Pages

pages = Pages.beside(__file__)
pages.environment.globals.update(event_text=event_text, codes=LISTS, tone=tone)
