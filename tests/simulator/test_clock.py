"""Simulated time stands, runs or races."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor import clock
from monitor.simulator.clock import SimulatedClock

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(("rate", "passed_s"), [(0.0, 0), (1.0, 10), (360.0, 3600)])
def test_now__after_ten_real_seconds(monkeypatch, rate, passed_s):
    real = clock.now()
    monkeypatch.setattr(clock, "now", lambda: real)
    simulated = SimulatedClock(start=START, rate=rate)
    monkeypatch.setattr(clock, "now", lambda: real + timedelta(seconds=10))
    assert simulated.now() == START + timedelta(seconds=passed_s)
