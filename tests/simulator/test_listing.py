"""Pages of posts, and the quirks of paging that all platforms with pages share."""

import pytest

from monitor.simulator.listing import Listing, sheet, whole
from monitor.simulator.thread_author import HABITS

SIZE = 10


@pytest.fixture
def found(world, call):
    return Listing(world, "devto").there(call("/"))


def test_sheet__pages__end_with_one_that_leads_nowhere(found, call):
    first, seen = 0, []
    while first is not None:
        page = sheet(call("/"), found, first=first, size=SIZE)
        seen += page.posts
        first = page.following
    assert seen == found.posts
    assert len(seen) > 3 * SIZE


@pytest.mark.parametrize("platform", HABITS)
def test_quirk_late__keeps_some_back_and_shows_them_in_time(world, call, now, platform):
    listing = Listing(world, platform)
    quirky, plain = listing.there(call("/", quirks={"late": 1.0})), listing.there(call("/"))
    assert set(quirky.posts) <= set(plain.posts)
    assert (quirky.happened == {"late"}) is (len(quirky.posts) < len(plain.posts))
    recent = [post for post in plain.posts if (now - post.arrives_at).total_seconds() > world.plan.late_s]
    assert set(recent) <= set(quirky.posts)


@pytest.mark.parametrize(("name", "status"), [("expired-cursor-400", 400), ("expired-cursor-404", 404)])
def test_quirk_expired_cursor__refuses_further_pages_alone(found, call, name, status):
    quirky = call("/", quirks={name: 1.0})
    assert sheet(quirky, found, first=0, size=SIZE).refused is None
    page = sheet(quirky, found, first=SIZE, size=SIZE)
    assert (page.refused, page.happened) == (status, {name})


def test_quirk_paging_loop__leads_back_to_the_first(found, call):
    page = sheet(call("/", quirks={"paging-loop": 1.0}), found, first=SIZE, size=SIZE)
    assert (page.following, page.happened) == (0, {"paging-loop"})


def test_quirk_endless_cursor__the_end_leads_on_to_what_was_shown(found, call):
    end = len(found.posts) - 3
    page = sheet(call("/", quirks={"endless-cursor": 1.0}), found, first=end, size=SIZE)
    assert page.posts == found.posts[-SIZE:]
    assert page.following > end


def test_quirk_out_of_order__shuffles_and_loses_nothing(found, call):
    page = sheet(call("/", quirks={"out-of-order": 1.0}), found, first=0, size=SIZE)
    assert page.posts != found.posts[:SIZE]
    assert set(page.posts) == set(found.posts[:SIZE])


@pytest.mark.parametrize(("text", "number"), [(None, 7), ("", 7), ("x", 7), ("-3", 7), ("12", 12), ("9" * 30, 7)])
def test_whole__anything_else_than_a_number__is_as_good_as_none(text, number):
    assert whole(text, 7) == number
