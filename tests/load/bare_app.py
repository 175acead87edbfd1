"""The least that a web service in Python is: what a service's memory and start are measured beside."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/health/ready")
async def ready() -> dict[str, str]:
    return {"status": "ready"}
