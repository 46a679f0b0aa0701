"""The simulated Mastodon, asked without a server."""

import json
import re
from datetime import timedelta

import pytest

from monitor.simulator.endless import Endless, Pace
from monitor.simulator.mastodon import TOKEN, Mastodon
from monitor.simulator.people import LOCAL_HOST
from monitor.simulator.statuses import account_id
from monitor.simulator.writing import tags_of

TAG = "/api/v1/timelines/tag/python"
PUBLIC = "/api/v1/timelines/public"


@pytest.fixture(scope="module")
def mastodon(world):
    return Mastodon(world)


@pytest.fixture
def get(mastodon, call):
    """Ask, and read the JSON."""
    return lambda address, **different: json.loads(mastodon.answer(call(address, **different)).body())


def ids(rows):
    return [int(row["id"]) for row in rows]


def ways(answer):
    return {rel: address for address, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers.get("Link", ""))}


def test_timeline__limits(get):
    assert 15 <= len(get(TAG)) <= 20
    assert 35 <= len(get(f"{TAG}?limit=40")) <= 40
    assert len(get(f"{TAG}?limit=400")) <= 40
    assert get(f"{TAG}?limit=none") == []


def test_timeline__walked_by_next__shows_every_post_of_the_tag_once(mastodon, call, world, now):
    shown, address = [], f"{TAG}?limit=40"
    while address:
        answer = mastodon.answer(call(address))
        shown += ids(json.loads(answer.body()))
        address = ways(answer).get("next", "").removeprefix("http://127.0.0.1:1")
    there = [post for post in world.visible("mastodon", now) if post.kind != "repost" and not post.hidden]
    assert sorted(shown) == [post.mark for post in there if "python" in tags_of(post.text)]
    assert shown == sorted(shown, reverse=True)


def test_timeline__walked_by_min_id__shows_what_is_above_page_by_page(mastodon, get):
    newest = ids(get(f"{TAG}?limit=40"))
    first = get(f"{TAG}?limit=5&min_id={newest[20]}")
    second = get(f"{TAG}?limit=5&min_id={first[0]['id']}")
    assert ids(first) == newest[15:20]
    assert ids(second) == newest[10:15]


def test_timeline__since_id__gives_the_newest_and_leaves_a_hole(get):
    newest = ids(get(f"{TAG}?limit=40"))
    assert ids(get(f"{TAG}?limit=5&since_id={newest[20]}")) == newest[:5]


def test_timeline__link_header__keeps_the_parameters_and_names_both_ways(mastodon, call):
    answer = mastodon.answer(call(f"{TAG}?limit=5&local=true&max_id=999999999999999999"))
    rows = ids(json.loads(answer.body()))
    assert ways(answer) == {
        "next": f"http://127.0.0.1:1{TAG}?limit=5&local=true&max_id={rows[-1]}",
        "prev": f"http://127.0.0.1:1{TAG}?limit=5&local=true&min_id={rows[0]}",
    }


def test_timeline__empty_page__has_no_link_header(mastodon, call):
    answer = mastodon.answer(call(f"{TAG}?max_id=1"))
    assert answer.body() == b"[]"
    assert "Link" not in answer.headers


def test_timeline__unknown_tag__is_empty(get):
    assert get("/api/v1/timelines/tag/nobodysaysthis") == []


def test_timeline__short_page_in_the_middle__is_not_the_last(mastodon, call):
    """A filter runs after the query, so some pages are short and lead on all the same."""
    address, short = f"{TAG}?limit=40", 0
    while address:
        answer = mastodon.answer(call(address))
        address = ways(answer).get("next", "").removeprefix("http://127.0.0.1:1")
        short += bool(address) and 0 < len(answer.rows()) < 40
    assert short > 1


def test_timeline__any_all_none__choose_by_more_tags(get):
    both = get("/api/v1/timelines/tag/python?all[]=coding&limit=40")
    without = get("/api/v1/timelines/tag/python?none[]=coding&limit=40")
    either = get("/api/v1/timelines/tag/python?any[]=coffee&limit=40")
    names = [{tag["name"] for tag in row["tags"]} for row in (*both, *without)]
    assert all("coding" in found for found in names[: len(both)])
    assert not any("coding" in found for found in names[len(both) :])
    assert {name for row in either for tag in row["tags"] if (name := tag["name"]) in ("python", "coffee")} == {
        "python",
        "coffee",
    }


def test_public_timeline__has_no_boosts_and_no_replies(get):
    rows = get(f"{PUBLIC}?limit=40")
    assert not any(row["reblog"] or row["in_reply_to_id"] for row in rows)


def test_public_timeline__local_and_remote__tell_hosts_apart(get):
    local, remote = get(f"{PUBLIC}?local=true"), get(f"{PUBLIC}?remote=true")
    assert local
    assert all("@" not in row["account"]["acct"] for row in local)
    assert remote
    assert all("@" in row["account"]["acct"] for row in remote)


def test_status_id__holds_the_claimed_moment(get, world):
    post = {post.mark: post for post in world.posts("mastodon")}[ids(get(TAG))[0]]
    assert post.mark >> 16 == int(post.created_at.timestamp() * 1000)


def test_late_post__appears_below_newer_ones(mastodon, call, world, now):
    """It is absent while it is under way, and then in the middle of what was already read."""
    posts = [post for post in world.posts("mastodon") if post.kind == "post" and not post.hidden and not post.deleted_at]
    late = next(post for post in posts if post.arrives_at - post.created_at > timedelta(minutes=2))
    address = f"{PUBLIC}?limit=40&max_id={late.mark + 1}"
    before = mastodon.answer(call(address, now=late.arrives_at - timedelta(seconds=1)))
    after = mastodon.answer(call(address, now=late.arrives_at))
    assert late.mark not in ids(json.loads(before.body()))
    assert ids(json.loads(after.body()))[0] == late.mark


def test_deleted_post__is_404_and_gone_from_timelines(mastodon, get, world):
    post = next(post for post in world.posts("mastodon") if post.deleted_at and post.kind == "post" and not post.hidden)
    before, after = post.deleted_at - timedelta(seconds=1), post.deleted_at
    page = f"{PUBLIC}?max_id={post.mark + 1}&limit=1"
    assert ids(get(page, now=before)) == [post.mark]
    assert get(f"/api/v1/statuses/{post.mark}", now=before)["id"] == str(post.mark)
    assert ids(get(page, now=after)) != [post.mark]
    assert get(f"/api/v1/statuses/{post.mark}", now=after) == {"error": "Record not found"}


def test_edited_post__keeps_its_id_and_says_when(get, world):
    post = next(post for post in world.posts("mastodon") if post.edited_at and not post.deleted_at)
    before = get(f"/api/v1/statuses/{post.mark}", now=post.edited_at - timedelta(seconds=1))
    after = get(f"/api/v1/statuses/{post.mark}", now=post.edited_at)
    assert before["edited_at"] is None
    assert after["edited_at"].startswith(f"{post.edited_at:%Y-%m-%dT%H:%M:%S}")
    assert after["content"] == before["content"] + "<p>Edit: a word was missing.</p>"


def test_counters__grow_with_time(get, world):
    post = next(post for post in world.posts("mastodon") if post.peak.likes > 50 and not post.deleted_at)
    young = get(f"/api/v1/statuses/{post.mark}", now=post.arrives_at)["favourites_count"]
    old = get(f"/api/v1/statuses/{post.mark}", now=post.arrives_at + timedelta(days=4))["favourites_count"]
    assert young < old <= post.peak.likes


def test_boost__wraps_the_whole_original_and_has_an_address_of_its_own(get, world, now):
    post = next(post for post in world.visible("mastodon", now) if post.repost_of and post.repost_of.exists(now))
    row = get(f"/api/v1/statuses/{post.mark}")
    assert row["content"] == ""
    assert row["reblog"]["id"] == post.repost_of.native_id
    assert row["uri"] != row["reblog"]["uri"]


def test_quote__shows_what_it_quotes_only_where_accepted(get, world, now):
    quotes = [post for post in world.visible("mastodon", now) if post.quote_of and post.quote_of.exists(now)]
    accepted = next(post for post in quotes if post.quote_state == "accepted")
    refused = next(post for post in quotes if post.quote_state != "accepted")
    assert get(f"/api/v1/statuses/{accepted.mark}")["quote"]["quoted_status"]["id"] == accepted.quote_of.native_id
    assert get(f"/api/v1/statuses/{refused.mark}")["quote"] == {"state": refused.quote_state, "quoted_status": None}


def test_every_status__is_whole_json_without_leftover_marks(mastodon, call, world, now):
    for post in world.visible("mastodon", now)[::7]:
        body = mastodon.answer(call(f"/api/v1/statuses/{post.mark}")).body()
        assert json.loads(body)["id"] == str(post.mark)
        assert b'"@' not in body


def test_lookup__local_and_remote_names(get, world, now):
    remote = next(post.author for post in world.visible("mastodon", now) if not post.local)
    local = next(post.author for post in world.visible("mastodon", now) if post.local)
    assert get(f"/api/v1/accounts/lookup?acct={remote.handle}")["id"] == account_id(remote)
    assert get(f"/api/v1/accounts/lookup?acct={local.username}@{LOCAL_HOST}")["acct"] == local.username
    assert get("/api/v1/accounts/lookup?acct=nobody@nowhere.example") == {"error": "Record not found"}


def test_account_timeline__has_boosts_and_replies_unless_left_out(get, world, now):
    author = next(post.author for post in world.visible("mastodon", now) if post.kind == "repost")
    path = f"/api/v1/accounts/{account_id(author)}/statuses?limit=40"
    assert any(row["reblog"] for row in get(path))
    rows = get(f"{path}&exclude_reblogs=true&exclude_replies=true")
    assert rows
    assert not any(row["reblog"] or row["in_reply_to_id"] for row in rows)


def test_account_timeline__last_page__names_no_next(mastodon, call, world, now):
    """Unlike public timelines, this one knows when a short page is the last."""
    author = world.visible("mastodon", now)[0].author
    answer = mastodon.answer(
        call(f"/api/v1/accounts/{account_id(author)}/statuses?max_id={world.posts('mastodon')[400].mark}&limit=40")
    )
    assert set(ways(answer)) == {"prev"}


def test_account_timeline__pinned__only_when_asked(get, mastodon, world, now):
    author = next(one for one in (post.author for post in world.visible("mastodon", now)) if one.number % 3 == 0)
    assert len(get(f"/api/v1/accounts/{account_id(author)}/statuses?pinned=true")) == 1


def test_context__has_ancestors_and_descendants(get, world, now):
    reply = next(post for post in world.visible("mastodon", now) if post.reply_to and post.reply_to.exists(now))
    root = reply.reply_to
    assert str(root.mark) in [row["id"] for row in get(f"/api/v1/statuses/{reply.mark}/context")["ancestors"]]
    assert str(reply.mark) in [row["id"] for row in get(f"/api/v1/statuses/{root.mark}/context")["descendants"]]


def test_search__anonymous__finds_no_statuses(get):
    found = get("/api/v2/search?q=python")
    assert found["statuses"] == []
    assert found["hashtags"][0]["name"] == "python"


def test_search__with_token__finds_statuses_that_say_every_word(get):
    found = get("/api/v2/search?q=electric cars&type=statuses&limit=40", headers={"authorization": f"Bearer {TOKEN}"})
    assert len(found["statuses"]) > 20
    assert all("electric" in row["content"].lower() and "cars" in row["content"].lower() for row in found["statuses"])


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (TAG, {"authorization": "Bearer wrong"}, 401),
        ("/api/v2/search?q=python&offset=20", {}, 401),
        ("/api/v1/statuses/12", {}, 404),
        ("/api/v1/statuses/12/context", {}, 404),
        ("/api/v1/accounts/12/statuses", {}, 404),
        ("/api/v1/nothing", {}, 404),
    ],
)
def test_refusals__are_json_with_an_error(mastodon, call, address, headers, status):
    answer = mastodon.answer(call(address, headers=headers))
    assert answer.status == status
    assert "error" in json.loads(answer.body())


def test_instance_and_nodeinfo__name_the_software(get):
    assert get("/api/v2/instance")["configuration"]["timelines_access"]["hashtag_feeds"]["local"] == "public"
    address = get("/.well-known/nodeinfo")["links"][0]["href"].removeprefix("http://127.0.0.1:1")
    assert get(address)["software"]["name"] == "mastodon"


def test_quirk_late__holds_posts_back_and_gives_them_later(world, call, now):
    mastodon = Mastodon(world, endless=Endless(Pace(per_second=1, backlog=400), seed=1, start=now))
    address, quirks = "/api/v1/timelines/tag/endless?limit=40", {"late": 0.3}
    prompt = ids(json.loads(mastodon.answer(call(address)).body()))
    late = mastodon.answer(call(address, quirks=quirks))
    missing = set(prompt) - set(ids(json.loads(late.body())))
    assert 5 <= len(missing) <= 20
    assert late.happened == {"late"}
    ended = mastodon.answer(call(f"{address}&max_id={prompt[0] + 1}", quirks=quirks, now=now + timedelta(seconds=300)))
    assert ids(json.loads(ended.body())) == prompt


def test_quirk_out_of_order__has_the_same_rows(mastodon, call):
    plain, shuffled = (
        ids(json.loads(mastodon.answer(call(TAG, quirks=quirks)).body())) for quirks in ({}, {"out-of-order": 1.0})
    )
    assert plain != shuffled
    assert sorted(plain) == sorted(shuffled)


@pytest.mark.parametrize("status", [400, 404])
def test_quirk_expired_cursor__refuses_further_pages_only(mastodon, call, status):
    quirks = {f"expired-cursor-{status}": 1.0}
    assert mastodon.answer(call(TAG, quirks=quirks)).status == 200
    assert mastodon.answer(call(f"{TAG}?max_id=117000000000000000", quirks=quirks)).status == status


def test_quirk_paging_loop__leads_from_the_second_page_back_to_the_first(mastodon, call):
    quirks = {"paging-loop": 1.0}
    first = mastodon.answer(call(TAG, quirks=quirks))
    second = mastodon.answer(call(ways(first)["next"].removeprefix("http://127.0.0.1:1"), quirks=quirks))
    third = mastodon.answer(call(ways(second)["next"].removeprefix("http://127.0.0.1:1"), quirks=quirks))
    assert third.body() == first.body() != second.body()


def test_quirk_endless_cursor__always_leads_on_to_another_cursor(mastodon, call):
    quirks, seen, address = {"endless-cursor": 1.0}, set(), f"{TAG}?max_id=10"
    for _ in range(5):
        answer = mastodon.answer(call(address, quirks=quirks))
        assert answer.rows()
        address = ways(answer)["next"].removeprefix("http://127.0.0.1:1")
        seen.add(address)
    assert len(seen) == 5


def test_endless_tag__grows_at_its_pace(world, call, now):
    mastodon = Mastodon(world, endless=Endless(Pace(per_second=20, backlog=100), seed=1, start=now))
    address = "/api/v1/timelines/tag/endless?limit=40&min_id=0"
    shown = 0
    while rows := json.loads(mastodon.answer(call(address, now=now + timedelta(seconds=10))).body()):
        shown += len(rows)
        address = f"/api/v1/timelines/tag/endless?limit=40&min_id={rows[0]['id']}"
    assert shown == 300
