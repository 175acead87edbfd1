"""Reporting answers what happened and how often: the audit trail of everything, and figures as at any instant.

It listens to every topic; what it shows can be thrown away and read again from the log. It writes one thing: the seal
of the log, a signed checkpoint at intervals, under which evidence is handed out.
"""
