"""Social Monitor: what is said about a topic, collected, scored, counted and explained."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("social-monitor")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
