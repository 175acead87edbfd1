"""The pages of sentiment: its features' templates before the shared ones."""

from shared.web.pages import Pages

pages = Pages.beside(__file__)
