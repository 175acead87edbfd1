"""Resumes a paused case at its time."""

from services.cases.case.actions import decider
from services.cases.caseload.view import caseload, cases
from services.cases.waiting.waiting import resume_at_time
from shared.features.due import Due
from shared.features.timer import Timer, decided

returning = Timer("waits", Due(caseload, cases, "resume_at"), decided(decider, resume_at_time))
