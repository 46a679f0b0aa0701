"""The private MongoDB: found, started, shared by all processes of one home folder, stopped after the last of them.

`private.py` is the way in; with MONGODB_URI set nothing here starts anything. Locks make the promises: see `watchdog.py`.
"""
