"""The JSON API of sentiment: measurements, newest first, and those of one subject."""

from fastapi import APIRouter

from services.sentiment.card.listing import MEASUREMENTS
from shared.features.listing import add_api

routes = APIRouter(prefix="/api/v1/sentiments", tags=["sentiments"])
add_api(routes, MEASUREMENTS, "", "The newest first. A response has one measurement for each answer in words.")
