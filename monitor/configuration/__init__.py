"""The configuration file: read with places, checked as a whole, and handed on as variables, settings and topics.

`monitor.config` is what the rest of the program reads; it comes here only where there is a file.
"""
