"""MongoDB and what is kept in it: the server's version, its clock and disk, the schema, the sources."""

from collections.abc import Sequence

from monitor.doctor.finding import Finding
from monitor.store.connection import Store
from monitor.store.inspection import Inspection, Inspector, floor_of
from monitor.store.sources import Standing

# Leases and due times are the server's, dates of posts and logs are ours: further apart, they cannot be read together.
MOST_SKEW_S = 5.0
LEAST_FREE = 0.1  # below it MongoDB needs help soon, and a compaction has no room any more
FAILING = frozenset({"failing", "needs credentials", "rate-limited"})
MOST_NAMED = 5


async def database(store: Store, *, private: bool) -> list[Finding]:
    """Everything about an open store; `private`: the server is the private mongod."""
    found = await Inspector(store).inspect()
    return [server(found, private=private), schema(found), skew(found), disk(found), sources(await store.sources.list_all())]


def server(found: Inspection, *, private: bool) -> Finding:
    """That it answers, and whether its version has known holes. The private one is reachable for its own user alone."""
    if private:
        return Finding(check="MongoDB", state="ok", says=f"the private MongoDB answers, version {found.version}.")
    says = f"the server at {found.place} answers, version {found.version}."
    floor = floor_of(found.version)
    if floor is None:
        return Finding(check="MongoDB", state="ok", says=says)
    return Finding(
        check="MongoDB",
        state="warn",
        says=f"{says} It has known security holes.",
        fix=f"Upgrade the server to {floor} or newer, and let nobody reach it but this program's machines.",
    )


def schema(found: Inspection) -> Finding:
    """Indexes; a database of another version, or without a unique index, could not even be opened."""
    if not found.missing:
        return Finding(check="schema", state="ok", says=f"version {found.schema}, with all indexes.")
    return Finding(
        check="schema",
        state="warn",
        says=f"These indexes are missing, and queries are slow: {', '.join(found.missing)}.",
        fix="monitor db migrate",
    )


def skew(found: Inspection) -> Finding:
    """The server's clock against ours."""
    if abs(found.ahead_s) <= MOST_SKEW_S:
        return Finding(check="clock", state="ok", says=f"within {MOST_SKEW_S:.0f} s of the MongoDB server's.")
    side = "behind" if found.ahead_s > 0 else "ahead of"
    return Finding(
        check="clock",
        state="warn",
        says=f"This machine's clock is {abs(found.ahead_s):.0f} s {side} the MongoDB server's.",
        fix="Set both by NTP: timedatectl set-ntp true",
    )


def disk(found: Inspection) -> Finding:
    """The disk that the data lie on."""
    if found.free is None:
        return Finding(check="disk", state="ok", says="The server does not tell how full its disk is.")
    if found.free >= LEAST_FREE:
        return Finding(check="disk", state="ok", says=f"{found.free:.0%} of the database's disk is free.")
    return Finding(
        check="disk",
        state="warn",
        says=f"Only {found.free:.1%} of the database's disk is free.",
        fix="Make room there, or move the data to a larger disk.",
    )


def sources(standings: Sequence[Standing]) -> Finding:
    """How the sources did at their last poll."""
    failing = [standing for standing in standings if standing.state in FAILING]
    if not failing:
        return Finding(check="sources", state="ok", says=f"{len(standings)} sources, none of them failing.")
    named = "; ".join(f"{each.source.id}: {each.state_reason or each.state}" for each in failing[:MOST_NAMED])
    more = f"; and {len(failing) - MOST_NAMED} more" if len(failing) > MOST_NAMED else ""
    return Finding(
        check="sources",
        state="fail" if len(failing) == len(standings) else "warn",
        says=f"{len(failing)} of {len(standings)} sources fail. {named}{more}",
        fix="monitor sources shows all of them; each reason says what to do.",
    )
