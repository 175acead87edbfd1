"""PostgreSQL and Kafka as child processes, for a machine that has neither."""
