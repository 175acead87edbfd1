"""Kafka: topics, records and their chain, checkpoints, dead letters."""
