"""Reporting answers what happened and how often: the audit trail of everything, and figures as at any instant.

What it shows can be thrown away and read again from the log. It writes one thing: signed checkpoints of the log, under
which evidence is handed out.

Writes: `reports`. Hears: `cases`, `complaints`, `mentions`, `people`, `reports`, `sentiments`, `surveys`.
"""
