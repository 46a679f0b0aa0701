"""A host that fails again and again is asked once in a while, until it answers."""

import random

from monitor.crawl.circuit import OPENS_AFTER, Circuit


def failing(times: int) -> Circuit:
    circuit = Circuit(probe_s=60)
    for at in range(times):
        circuit.failed(float(at))
    return circuit


def test_circuit__one_failure_less_than_the_limit__stays_closed() -> None:
    circuit = failing(OPENS_AFTER - 1)
    assert not circuit.open
    assert circuit.wait_s(10.0) == 0


def test_circuit__failures_with_an_answer_between__stays_closed() -> None:
    """Only those in a row count: one broken address must not shut out the others of its host."""
    circuit = failing(OPENS_AFTER - 1)
    circuit.answered()
    assert not circuit.failed(10.0)
    assert circuit.wait_s(10.0) == 0


def test_circuit__opens_with_the_fifth_failure__and_says_so_once() -> None:
    circuit = failing(OPENS_AFTER - 1)
    assert circuit.failed(100.0)
    assert circuit.wait_s(100.0) == 60
    assert not circuit.failed(101.0)


def test_circuit__probe_is_under_way__nobody_else_asks() -> None:
    circuit = failing(OPENS_AFTER)
    at = 4.0 + 60
    assert circuit.wait_s(at) == 0
    circuit.sent(at)
    assert circuit.wait_s(at + 1) == 59


def test_circuit__probe_fails__the_next_is_an_interval_after_its_end() -> None:
    circuit = failing(OPENS_AFTER)
    circuit.sent(64.0)
    circuit.failed(94.0)
    assert circuit.wait_s(94.0) == 60


def test_circuit__probe_is_answered__everybody_asks_again() -> None:
    circuit = failing(OPENS_AFTER)
    circuit.sent(64.0)
    assert circuit.answered()
    assert circuit.wait_s(64.0) == 0
    assert not circuit.answered()


def test_circuit__host_is_down_for_an_hour__at_most_one_request_a_minute_after_the_first_five() -> None:
    """200 hours of random askers, who ask whenever they may."""
    for seed in range(200):
        rng, circuit, at, sent = random.Random(seed), Circuit(probe_s=60), 0.0, list[float]()
        while at < 3600:
            at += rng.uniform(0, 3)
            if circuit.wait_s(at) > 0:
                continue
            circuit.sent(at)
            sent.append(at)
            at += rng.uniform(0, 45)  # until it fails
            circuit.failed(at)
        assert OPENS_AFTER < len(sent) <= OPENS_AFTER + 60
        assert min(after - before for before, after in zip(sent[OPENS_AFTER:], sent[OPENS_AFTER + 1 :], strict=False)) >= 60
