"""Events and decisions that tests begin with, by the service that they are about."""
