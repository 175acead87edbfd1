"""Social is the universal inbox: it owns mentions, from whatever network, until they are complaints or dismissed.

Writes: `mentions`. Hears: `cases`, `complaints`, `mentions`, `people`, `sentiments`.
"""
