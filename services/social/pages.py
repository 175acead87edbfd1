"""The pages of social: its features' templates before the shared ones."""

from shared.features.codes import LISTS
from shared.web.pages import Pages

pages = Pages.beside(__file__)
pages.environment.globals["codes"] = LISTS
