"""The contact in each request."""

from monitor.config import load
from monitor.doctor.contact import contact


def test_contact__is_told() -> None:
    found = contact(load({"MONITOR_CONTACT": "ann@example.org"}))
    assert (found.state, "ann@example.org" in found.says) == ("ok", True)


def test_no_contact__is_a_warning() -> None:
    found = contact(load({}))
    assert (found.state, "MONITOR_CONTACT" in str(found.fix)) == ("warn", True)
