"""The actions of a case: each feature declares its own with `work`."""

from services.cases.case.state import Case, evolve
from shared.features.action import Actions
from shared.features.decider import Decider

decider = Decider[Case]("cases", evolve)
work = Actions("/cases/{case_id}", decider, may="cases.work")
