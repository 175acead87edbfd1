"""PostgreSQL: pools that reconnect, additive migrations, leader locks, and purging erased rows from its files."""
