"""The documentation names what exists, all of it, and nothing else: variables, settings, commands, files, links."""

import ast
import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

# Ours, and the credentials of platforms by the endings that architecture gives them.
VARIABLE = re.compile(
    r"\b(?:(?:MONITOR|MONGODB)_[A-Z0-9_]*[A-Z0-9]|[A-Z][A-Z0-9]*_(?:TOKEN|PASSWORD|IDENTIFIER|SECRET|API_KEY))\b"
)
NAME = re.compile(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`")
ENVIRONMENTS = {"env", "environ", "environment", "getenv"}
SPIDER_ARGUMENTS = {
    "topic", "query", "tag", "account", "community", "url", "instance", "since", "limit", "shift", "base_url", "stream",
}  # fmt: skip


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def trees() -> Iterator[ast.Module]:
    for package in ("monitor", "spiders", "pipelines"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


# ---- environment variables and settings


def looked_up(node: ast.AST) -> str | None:
    """The name in `environment["NAME"]`, `environment.get("NAME")`, `os.getenv("NAME")` and `config.secret("NAME")`."""
    if isinstance(node, ast.Subscript):
        owner, key = node.value, node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        owner, key = (node.func if node.func.attr in {"getenv", "secret"} else node.func.value), node.args[0]
    else:
        return None
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    known = name in ENVIRONMENTS or name == "secret"
    return key.value if known and isinstance(key, ast.Constant) and isinstance(key.value, str) else None


@cache
def variables() -> frozenset[str]:
    """Every environment variable that the code names, in a look-up or in a sentence; NAME_FILE and NAME__HOST as NAME."""
    found = set()
    for tree in trees():
        for node in ast.walk(tree):
            if name := looked_up(node):
                found.add(name)
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(VARIABLE.findall(node.value))
    return frozenset(plain(name) for name in found)


def plain(name: str) -> str:
    return name.partition("__")[0].removesuffix("_FILE")


@cache
def settings() -> frozenset[str]:
    """Scrapy settings that monitor/settings.py assigns."""
    body = ast.parse(read("monitor/settings.py")).body
    plain_targets = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    targets = plain_targets + [node.target for node in body if isinstance(node, ast.AnnAssign)]
    return frozenset(target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper())


def documented_names() -> set[str]:
    return set(NAME.findall(read("docs/configuration.md")))


def test_every_environment_variable_is_documented() -> None:
    assert variables() >= {"MONITOR_HOME", "MONGODB_URI"}, "the search for names found too little"
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", read("docs/configuration.md")))
    assert variables() - settings() - documented == set()


def test_every_scrapy_setting_is_documented() -> None:
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", read("docs/configuration.md")))
    assert settings() - documented == set()


def keys_of_the_file() -> set[str]:
    """Every key of a configuration file, as the table writes it; what all platforms have once, and files of secrets not at all."""
    from monitor.configuration.known import schema

    whole = schema()

    def below(node: dict[str, Any], path: str) -> Iterator[str]:
        told = next((each for each in (node, *node.get("anyOf", ())) if "$ref" in each), node)
        told = whole["$defs"][told["$ref"].rpartition("/")[2]] if "$ref" in told else told
        if "items" in told and "$ref" in told["items"]:
            yield from below(told["items"], f"{path}[]")
        elif "properties" in told:
            for name, each in told["properties"].items():
                yield from below(each, f"{path}.{name}" if path else name)
        else:
            yield path

    found = set(below(whole, ""))
    of_all = r"^(platforms|topics\[\]\.overrides)\.\w+\.(enabled|instances|every|accounts|communities)$"
    shared = {re.sub(of_all, r"\1.PLATFORM.\2", each) for each in found}
    return {each for each in shared if not re.search(r"^platforms\..*_files?$", each)}


def test_every_key_of_the_configuration_file_is_documented_and_every_documented_one_exists() -> None:
    text = read("docs/configuration.md").partition("## The configuration file")[2].partition("## Scrapy settings")[0]
    rows = re.findall(r"^\| (`[^|]*`) \|", text, flags=re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert len(keys_of_the_file()) > 20, "the search for keys found too little"
    assert documented == keys_of_the_file()


def test_example_of_the_configuration_file__is_one_that_can_be_used(tmp_path: Path) -> None:
    from monitor.configuration.checked import check

    example = re.search(r"^```yaml\n(.*?)^```", read("docs/configuration.md"), flags=re.MULTILINE | re.DOTALL)
    assert example
    (tmp_path / "monitor.yaml").write_text(example[1], encoding="utf-8")
    found = check(tmp_path / "monitor.yaml", {"MASTODON_TOKEN": "x"})
    assert ([each.topic.id for each in found.topics], [each.path for each in found.warnings]) == (["acme"], [])


def test_every_documented_name_exists() -> None:
    named = variables() | settings() | set(VARIABLE.findall(read("Makefile")))
    assert {name for name in documented_names() if plain(name) not in named} - {"NAME_FILE"} == set()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ('env["A"]', "A"),
        ('os.environ["A"]', "A"),
        ('os.environ.get("A", "")', "A"),
        ('os.getenv("A")', "A"),
        ('config.secret("A")', "A"),
        ('self.config.environment.get("A")', "A"),
        ('headers.get("A")', None),
        ('settings["A"]', None),
    ],
)
def test_variables_are_found__however_they_are_read(code: str, name: str | None) -> None:
    assert looked_up(ast.parse(code, mode="eval").body) == name


# ---- commands


@cache
def program() -> click.Group:
    """The click group behind the console script."""
    entry = tomllib.loads(read("pyproject.toml"))["project"]["scripts"]["monitor"]
    module = importlib.import_module(entry.partition(":")[0])
    groups = [value for value in vars(module).values() if isinstance(value, click.Group)]
    assert groups, f"{entry} holds no click group"
    return max(groups, key=lambda group: len(group.list_commands(click.Context(group))))


def commands(group: click.Group | None = None, path: str = "monitor") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with the words that call it. Hidden ones are not for people."""
    group = group or program()
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        if not command.hidden and (not isinstance(command, click.Group) or command.invoke_without_command):
            yield f"{path} {name}", command


def options(command: click.Command) -> set[str]:
    """Long names of the options; the short ones of those that have no long one."""
    shown = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    found = set()
    for option in shown:
        names = [*option.opts, *option.secondary_opts]
        found.update([name for name in names if name.startswith("--")] or names)
    return found


def accepted(command: click.Command) -> set[str]:
    """Every name of every option, --help among them."""
    return {"--help"}.union(*([*option.opts, *option.secondary_opts] for option in command.params))


def sections() -> dict[str, str]:
    """docs/commands.md by heading: what stands below `## monitor db start`, or the same in backticks, up to the next one."""
    parts = re.split(r"^#+ +`?(monitor [a-z -]+?)`?\s*$", read("docs/commands.md"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def listing() -> str:
    """What docs/commands.md must at least hold, for the message of a failing test."""
    lines = []
    for path, command in commands():
        lines.append(f"## {path}\n\n{command.get_short_help_str(120)}\n")
        lines += [f"- `{name}`" for name in sorted(options(command))]
        lines.append("")
    return "\n".join(lines)


def test_every_command_is_documented() -> None:
    missing = {path for path, _ in commands()} - set(sections())
    assert missing == set(), f"docs/commands.md needs:\n{listing()}"


def test_every_documented_command_exists() -> None:
    assert set(sections()) - {path for path, _ in commands()} == set()


def test_every_option_is_documented_and_every_documented_one_exists() -> None:
    differences = []
    for path, command in commands():
        documented = set(re.findall(r"(?<![\w-])(?:--[a-z][a-z-]*|(?<=`)-[a-z](?=[`, ]))", sections().get(path, "")))
        differences += [f"{path} {name} is not documented" for name in sorted(options(command) - documented)]
        differences += [f"{path} {name} does not exist" for name in sorted(documented - accepted(command))]
    assert differences == []


# ---- what the documents tell people to type


def shell_lines(text: str) -> Iterator[str]:
    """Lines of the fenced blocks for a shell, continued lines joined, prompts and comments removed; and `code` in the text."""
    for block in re.findall(r"^```(?:sh|bash|shell|console)?\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            yield line.strip().removeprefix("$ ").partition(" # ")[0].strip()
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`((?:make|monitor|scrapy) [^`\n]+)`", prose)


def words(line: str, program_name: str) -> list[list[str]]:
    """The argument lists with which `line` calls a program; several when commands are chained or piped."""
    calls = []
    for part in re.split(r"\s*(?:&&|\|\||;|\|(?!\S)|\s&\s*$)\s*", line):
        try:
            typed = shlex.split(part.replace("[", " ").replace("]", " "))
        except ValueError:
            typed = part.split()
        while typed and re.fullmatch(r"[A-Z][A-Z0-9_]*=.*", typed[0]):
            typed.pop(0)
        if typed and typed[0].rpartition("/")[2] == program_name:
            calls.append(typed[1:])
    return calls


def typed(program_name: str) -> Iterator[tuple[str, list[str]]]:
    for path in DOCS:
        for line in shell_lines(path.read_text(encoding="utf-8")):
            for arguments in words(line, program_name):
                yield f"{path.relative_to(ROOT)}: {line}", arguments


def complaint(arguments: list[str]) -> str | None:
    """Why `monitor ARGUMENTS` cannot be typed; None when command and options exist. Values are not looked at."""
    known = dict(commands())
    groups = {path.rpartition(" ")[0] for path in known}
    path, rest = "monitor", list(arguments)
    while rest and (f"{path} {rest[0]}" in known or f"{path} {rest[0]}" in groups):
        path += f" {rest.pop(0)}"
    if path not in known:
        general = path == "monitor" and set(rest) <= {"--help", "--version"}
        return None if general or rest in ([], ["..."], ["--help"]) else f"no command {path} {rest[0]}"
    given = {word.partition("=")[0] for word in rest if re.match(r"--[a-z]", word)}
    wrong = given - accepted(known[path])
    return f"{path} has no {', '.join(sorted(wrong))}" if wrong else None


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), flags=re.MULTILINE))
    calls = list(typed("make"))
    assert calls, "no document says make"
    assert [line for line, arguments in calls if not {word for word in arguments if "=" not in word} <= targets] == []


def test_every_make_target_is_in_the_readme() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), flags=re.MULTILINE)) - {"help"}
    named = {word for line in shell_lines(read("README.md")) for call in words(line, "make") for word in call}
    assert targets - named == set()


def test_every_monitor_command_in_the_documents_exists() -> None:
    calls = list(typed("monitor"))
    assert calls, "no document says monitor"
    assert [f"{line} ({why})" for line, arguments in calls if (why := complaint(arguments))] == []


def test_every_crawl_in_the_documents_names_a_platform_and_its_arguments() -> None:
    wrong = []
    for line, arguments in typed("scrapy"):
        if arguments[:1] != ["crawl"]:
            continue
        platform = arguments[1] if len(arguments) > 1 else ""
        exists = platform.isupper() or (ROOT / "spiders" / f"{platform}.py").exists()  # PLATFORM stands for any
        given = {value.partition("=")[0] for flag, value in pairwise(arguments) if flag == "-a"}
        if not exists or given - SPIDER_ARGUMENTS:
            wrong.append(line)
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "calls"),
    [
        ("make demo", [["demo"]]),
        ("CI=true make check && make test", [["check"], ["test"]]),
        (".venv/bin/make x", [["x"]]),
        ("cat x | make -", [["-"]]),
        ("echo make demo", []),
    ],
)
def test_commands_are_found_in_a_line(line: str, calls: list[list[str]]) -> None:
    assert words(line, "make") == calls


# ---- files, links, change log


def slug(heading: str) -> str:
    """The anchor that a forge gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", "")).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    return {slug(heading) for heading in re.findall(r"^#+ +(.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)}


def broken(path: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    linked = (path.parent / name).resolve() if name else path
    return not linked.exists() or (bool(anchor) and linked.suffix == ".md" and anchor not in anchors(linked))


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    assert [target for target in targets if not re.match(r"[a-z]+:", target) and broken(path, target)] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_a_document_names_exist(path: Path) -> None:
    """Names in backticks that begin with one of our folders; one with a capital or a <sign> in it stands for many."""
    named = re.findall(r"`((?:monitor|spiders|pipelines|tests|docs|\.ci)/[\w./-]*)`", path.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists() and not re.search(r"[A-Z]", name)] == []


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "docs/configuration.md", "docs/commands.md"])
def test_document_is_written(name: str) -> None:
    assert read(name).strip()


def test_readme_begins_with_the_two_commands() -> None:
    """Whoever opens the project types `make demo`, then `make test`."""
    first = [call for line in shell_lines(read("README.md")) for call in words(line, "make")][:2]
    assert first == [["demo"], ["test"]]


def test_change_log_has_a_section_for_this_version() -> None:
    version = importlib.import_module("monitor").__version__
    headings = re.findall(r"^## +\[?([^\]\s]+)", read("CHANGELOG.md"), flags=re.MULTILINE)
    assert headings, "CHANGELOG.md has no section"
    assert headings[0] in {"Unreleased", version}
