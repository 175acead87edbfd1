"""Reporting answers what happened and how often: the audit trail of everything, and figures as at any instant.

It listens to every topic and writes none; what it shows can be thrown away and read again from the log.
"""
