"""Tickets: under what each request was sent that counts against a shared budget."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ticket:
    """Under what a request was sent: the window, and whether it went alone."""

    window: int
    alone: bool
    units: int
