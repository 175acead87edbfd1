"""The pages of social: its features' templates before the shared ones."""

from pathlib import Path

from shared.features.codes import LISTS
from shared.web.pages import Pages

pages = Pages(*sorted(Path(__file__).parent.glob("*/templates")))
pages.environment.globals["codes"] = LISTS
