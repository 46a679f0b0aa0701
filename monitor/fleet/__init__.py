"""The fleet: scrapyd on MongoDB, the planner that keeps it busy, and the supervisor of one machine."""
