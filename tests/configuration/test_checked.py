"""A configuration file as a whole: all that is wrong at once, each at its place, and no secret shown."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from monitor.configuration.checked import Checked, check
from monitor.configuration.problem import ConfigurationFileError

SECRET = "a-token-that-nobody-may-see"


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Checked]:
    """Check a file of this text, and files of conf.d by name."""
    monkeypatch.chdir(tmp_path)

    def check_it(text: str, environment: Mapping[str, str] = {}, **more: str) -> Checked:
        (tmp_path / "monitor.yaml").write_text(text, encoding="utf-8")
        for name, told in more.items():
            (tmp_path / "conf.d").mkdir(exist_ok=True)
            (tmp_path / "conf.d" / f"{name}.yaml").write_text(told, encoding="utf-8")
        return check(tmp_path / "monitor.yaml", environment)

    return check_it


@pytest.fixture
def refused(checked: Callable[..., Checked]) -> Callable[..., str]:
    """What is told of a file that cannot be used."""

    def told(*arguments: str, **more: str) -> str:
        with pytest.raises(ConfigurationFileError) as error:
            checked(*arguments, **more)
        return str(error.value)

    return told


def test_topics__become_topics_with_their_sources(checked: Callable[..., Checked]) -> None:
    found = checked(
        'defaults: {every: 2h}\ntopics:\n- id: acme\n  query: |\n    (acme OR\n     "acme corp")\n    -game\n'
        "  platforms: [hackernews, mastodon]\n  instances: ['mastodon:chaos.social']\n  feeds: [https://x.example/feed]\n"
        "  redact: [email]\n  tags: [no]\n  authors: pseudonymise\n"
    )
    (watched,) = found.topics
    topic = watched.topic
    assert (topic.id, topic.query, topic.name) == ("acme", '(acme OR "acme corp") -game', '(acme OR "acme corp") -game')
    assert (topic.platforms, topic.every_s, topic.authors) == (("hackernews", "mastodon", "feeds"), 7200, "pseudonymise")
    assert (topic.redact, topic.tags) == (("email",), ("no",))
    ids = [source.id for source in watched.sources]
    assert "feeds/url?url=https://x.example/feed" in ids
    assert "mastodon/tag?instance=chaos.social&tag=acme" in ids
    assert all("mastodon.social" not in each for each in ids)


def test_platform__instances_and_enabled__are_what_topics_take(checked: Callable[..., Checked]) -> None:
    found = checked(
        "platforms:\n  mastodon: {instances: [chaos.social]}\n  github: {enabled: false}\ntopics: [{id: tea, query: '#tea'}]\n"
    )
    (watched,) = found.topics
    assert "github" not in watched.topic.platforms
    assert "hackernews" in watched.topic.platforms
    servers = {source.parameters["instance"] for source in watched.sources if source.platform == "mastodon"}
    assert servers == {"chaos.social"}


def test_overrides__name_what_is_polled_in_place_of_searches_and_how_fresh(checked: Callable[..., Checked]) -> None:
    found = checked(
        "defaults: {every: 2h}\ntopics:\n- id: tea\n  query: tea\n  platforms: [hackernews, lemmy, mastodon]\n  overrides:\n"
        "    lemmy: {communities: [tea@lemmy.ml], every: 30m}\n    mastodon: {accounts: [ann]}\n"
    )
    (watched,) = found.topics
    ids = [source.id for source in watched.sources]
    assert [each for each in ids if each.startswith("lemmy")] == ["lemmy/community?community=tea@lemmy.ml&instance=lemmy.world"]
    assert [each for each in ids if each.startswith("mastodon")] == ["mastodon/account?account=ann&instance=mastodon.social"]
    assert any(each.startswith("hackernews/query") for each in ids)
    topic = watched.topic
    assert (topic.every_for("lemmy"), topic.every_for("mastodon"), topic.every_for("hackernews")) == (1800, 7200, 7200)


@pytest.mark.parametrize(
    ("languages", "query", "stored"),
    [
        ("", "tea OR coffee", "(tea OR coffee) lang:(en OR de OR und)"),
        ("languages: [fr]", "tea", "(tea) lang:(fr OR und)"),
        ("languages: []", "tea", "tea"),
        ("", "tea -lang:nl", "tea -lang:nl"),
    ],
)
def test_languages__are_part_of_the_query_unless_it_speaks_of_them(
    checked: Callable[..., Checked], languages: str, query: str, stored: str
) -> None:
    found = checked(
        f"defaults: {{languages: [en, de]}}\ntopics:\n- id: tea\n  query: {query}\n  platforms: [hackernews]\n  {languages}\n"
    )
    (watched,) = found.topics
    assert (watched.topic.query, watched.topic.name) == (stored, query)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("overrides: {lemmy: {comunities: [a]}}", 'did you mean "communities"?'),
        ("overrides: {hackernews: {communities: [a]}, feeds: {accounts: [a]}}", "accounts: unknown key"),
        ("overrides: {lemmy: {communities: [a]}}", "the topic does not look on lemmy: add it to platforms"),
        ("overrides: {hackernews: {accounts: ['']}}", "is empty"),
        ("languages: [english]", "write a language as two or three small letters"),
    ],
)
def test_overrides_and_languages_that_cannot_be__are_told_with_their_place(
    refused: Callable[..., str], line: str, told: str
) -> None:
    said = refused(f"topics:\n- id: tea\n  query: tea\n  platforms: [hackernews]\n  {line}\n")
    assert told in said, said
    assert "monitor.yaml:5:" in said


def test_all_that_is_wrong__is_told_at_once_with_line_caret_and_suggestion(refused: Callable[..., str]) -> None:
    told = refused(
        "version: 1\ntopics:\n  - id: acme\n"
        "    query: |\n      acme AND\n      (recall OR refund\n    evry: 5m\n    platforms: [mastdon]\n"
    )
    assert told == (
        "monitor.yaml:6:7  topics[0].query: This bracket is not closed. Write ) where the group ends.\n"
        "    6 |       (recall OR refund\n"
        "      |       ^\n"
        'monitor.yaml:7:5  topics[0].evry: unknown key (did you mean "every"?)\n'
        "    7 |     evry: 5m\n"
        "      |     ^^^^\n"
        'monitor.yaml:8:17  topics[0].platforms[0]: unknown value (did you mean "mastodon"?)\n'
        "    8 |     platforms: [mastdon]\n"
        "      |                 ^^^^^^^"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version: 2", "1:10  version: has to be 1"),
        ("topics: {}", "1:9  topics: has to be a list"),
        ("topics: [{id: 5, query: tea}]", "1:15  topics[0].id: has to be text: put it in quotes"),
        ("topics: [{id: T!, query: tea}]", "1:15  topics[0].id: Topic id 'T!' is not usable"),
        ("topics: [{id: tea}]", "1:10  topics[0].query: is missing"),
        ("topics: [{id: tea, query: tea, every: 5}]", "1:39  topics[0].every: write a length of time from 15s to 30d"),
        ("topics: [{id: tea, query: a}, {id: tea, query: b}]", "1:36  topics[1].id: there is a topic of this id at monitor.yaml:1:15"),
        ("topics: [{id: tea, query: tea, feeds: [ftp://x]}]", "1:40  topics[0].feeds[0]: this is no address of a feed"),
        ("topics: [{id: tea, query: tea, instances: [x.org]}]", "1:44  topics[0].instances[0]: write it as PLATFORM:HOST"),
        (
            "topics: [{id: t, query: t, platforms: [hackernews], instances: ['lemmy:x.org']}]",
            "topics[0].instances[0]: the topic does not look on lemmy",
        ),
        ("topics: [{id: t, query: t, platforms: [discourse]}]", "discourse has many servers, and none to begin with"),
        ("topics: [{id: t, query: -t, platforms: [hackernews]}]", "topics[0].query: nothing can be polled for it"),
        ("topics: [{id: tea, query: tea, redact: ['a*b']}]", "1:41  topics[0].redact[0]: In 'a*b', * may only stand at the end"),
        ("defaults: {timezone: Berlin/Europe}", "1:22  defaults.timezone: there is no such time zone"),
        ("defaults: {retention: 30d}", "1:23  defaults.retention: write how long posts are kept, from 60d to 36500d, such as 400d"),
        ("defaults: {retention: 400}", "1:23  defaults.retention: write how long posts are kept"),
        ("mongo: {database: a b}", "1:19  mongo.database: this is no database name"),
        ("mongo: {uri: x, uri_file: y}", "1:27  mongo.uri_file: stands beside uri: give one of them"),
        ("platforms: {mastodon: {enabled: no}}", "1:33  platforms.mastodon.enabled: has to be true or false"),
        ("platforms: {mastodn: {}}", '1:13  platforms.mastodn: unknown key (did you mean "mastodon"?)'),
        ("platforms: {hackernews: {token: x}}", "platforms.hackernews.token: unknown key: there are enabled"),
        ("platforms: {lemmy: {tokens: {a b: x}}}", "1:30  platforms.lemmy.tokens.a b: this is no host name"),
        ('mongo: {uri: "${X}", uri_file: "${X:?set X}"}', "1:32  mongo.uri_file: X is not set in the environment: set X"),
        ('contact: "${X:-y}"', "1:10  contact: write ${NAME} or ${NAME:?what to do where NAME is not set}"),
        ("contact: ${X", "1:10  contact: write ${NAME} or"),
    ],
)  # fmt: skip
def test_what_is_wrong__is_told_with_its_place(refused: Callable[..., str], text: str, told: str) -> None:
    assert told in refused(text)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("|\n      tea\n        AND colour:x", (5, 13)),
        (">\n      tea\n      AND colour:x", (5, 11)),
        ("tea colour:x", (3, 16)),
        ('"tea\n      AND colour:x"', (4, 11)),
        ("'tea s''s colour:x'", (3, 22)),
        ('"\\"a b\\" colour:x"', (3, 21)),
        ("tea AND (x", (3, 20)),
        ("|\n      tea\n      AND\n\n  # no comment", (5, 7)),
    ],
)
def test_error_in_a_query__is_placed_in_the_file_however_it_is_written(
    checked: Callable[..., Checked], query: str, place: tuple[int, int]
) -> None:
    with pytest.raises(ConfigurationFileError) as error:
        checked(f"topics:\n  - id: tea\n    query: {query}\n")
    (problem,) = error.value.problems
    assert (problem.place.line, problem.place.column) == place


def test_conf_d__topics_join_and_the_same_key_twice_names_both_places(
    checked: Callable[..., Checked], refused: Callable[..., str]
) -> None:
    found = checked("version: 1\ntopics: [{id: a, query: tea}]", b="version: 1\ntopics: [{id: b, query: milk}]")
    assert [(each.topic.id, Path(each.file).name) for each in found.topics] == [("a", "monitor.yaml"), ("b", "b.yaml")]
    told = refused("mongo: {database: x}\ncontact: a@b.example", c="contact: d@e.example\nmongo: {database: y}")
    assert "conf.d/c.yaml:1:1  contact: is set at monitor.yaml:2:1 already" in told
    assert "conf.d/c.yaml:2:9  mongo.database: is set at monitor.yaml:1:9 already" in told


def test_query_error_in_conf_d__is_placed_there(refused: Callable[..., str]) -> None:
    assert "conf.d/b.yaml:2:24  topics[1].query: " in refused(
        "topics: [{id: a, query: tea}]", b="topics:\n- {id: b, query: 'milk colour:x'}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "platforms: {mastodon: {tokn: SECRET}}",
        "platforms:\n  mastodon:\n    tokn: SECRET\n    token: {a: SECRET}",
        "platforms:\n  mastodon:\n    - SECRET",
        "platfroms: {mastodon: {token: SECRET}}",
        "MASTODON_TOKEN: SECRET",
        'mongo: {uri: "mongodb://me:SECRET@host/", databse: x}',
        "mongo:\n  uri: |\n    SECRET\n  databse: x",
        "platforms: {mastodon: {token: *SECRET}}",
        "platforms: {mastodon: {token: !SECRET x}}",
        'platforms: {mastodon: {token: "SECRET\n',
        'platforms: {mastodon: {token: "\\qSECRET"}}',
        "platforms:\n  mastodon:\n    token: SECRET: x",
        "platforms:\n  mastodon: {token: SECRET, token: SECRET}",
        "mongo: {uri: [SECRET]}",
        "mongo: {database: SECRET SECRET}",
    ],
)
def test_secret_in_a_file_that_is_wrong__shows_nowhere(refused: Callable[..., str], text: str) -> None:
    assert SECRET not in refused(text.replace("SECRET", SECRET))


def test_literal_secrets__are_warned_of_and_references_are_not(checked: Callable[..., Checked]) -> None:
    found = checked(
        f'mongo: {{uri: "mongodb://me:{SECRET}@h/"}}\nplatforms:\n  mastodon: {{token: {SECRET}, tokens: {{a.example: {SECRET}}}}}\n'
        '  github: {token: "${X}"}\n  stackexchange: {key_file: /run/key}\n'
    )
    told = [(each.path, each.place.line) for each in found.warnings]
    assert told == [("mongo.uri", 1), ("platforms.mastodon.token", 3), ("platforms.mastodon.tokens.a.example", 3)]
    assert SECRET not in "".join(map(str, found.warnings))
    assert checked('mongo: {uri: "mongodb://host/"}').warnings == ()
