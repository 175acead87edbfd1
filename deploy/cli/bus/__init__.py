"""Kafka for operators: reading the log, dead letters, replay."""
