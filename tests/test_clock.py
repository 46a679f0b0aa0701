"""The clock that goes on while the machine sleeps."""

import sys
import time

import pytest

from monitor import clock


@pytest.mark.skipif(sys.platform != "linux", reason="the name of this clock is Linux's")
def test_elapsed_s__counts_the_time_that_the_machine_slept() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= clock.elapsed_s() <= time.clock_gettime(time.CLOCK_BOOTTIME)
