"""Social is the universal inbox: it owns mentions, from whatever network, until they are complaints or dismissed.

It writes `mentions`, and listens to `cases`, `complaints`, `people` and `sentiments`.
"""
