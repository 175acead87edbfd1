"""The pages of reporting: its features' templates before the shared ones."""

from pathlib import Path

from shared.web.pages import Pages

pages = Pages(*sorted(Path(__file__).parent.glob("*/templates")))
