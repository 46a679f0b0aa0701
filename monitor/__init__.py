"""Social Monitor: what is said about a topic, collected, scored, counted and explained."""

# Stated here and not asked of the installation: where an egg was deployed, another copy may be installed beside it.
__version__ = "0.1.0"
