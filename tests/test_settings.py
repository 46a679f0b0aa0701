"""Settings whose defaults are unsafe or wrong for us stay pinned (docs/configuration.md gives the reasons)."""

import pytest
from scrapy.settings import Settings

PINNED = {
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
    "DOWNLOAD_MAXSIZE": 16 * 1024 * 1024,
    "DOWNLOAD_WARNSIZE": 4 * 1024 * 1024,
    "REDIRECT_ENABLED": False,
    "COOKIES_ENABLED": False,
    "REFERER_ENABLED": False,
    "HTTPERROR_ALLOW_ALL": True,
    "HTTPCACHE_ENABLED": False,
    "AUTOTHROTTLE_ENABLED": False,
    "LOG_LEVEL": "INFO",
    "JOBDIR": None,
    "TWISTED_DNS_RESOLVER": "monitor.crawl.resolver.PinnedResolver",
    "MONITOR_PROBE_S": 60.0,
}


@pytest.fixture(scope="module")
def settings() -> Settings:
    made = Settings()
    made.setmodule("monitor.settings", priority="project")
    return made


@pytest.mark.parametrize(("name", "value"), PINNED.items())
def test_pinned(settings: Settings, name: str, value: object) -> None:
    assert settings.get(name) == value


def test_download_timeout__within_a_minute(settings: Settings) -> None:
    assert 30 <= settings.getint("DOWNLOAD_TIMEOUT") <= 60


def test_download_handlers__no_local_files_nor_other_protocols(settings: Settings) -> None:
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert [scheme for scheme in ("file", "ftp", "s3") if handlers[scheme] is not None] == []
    assert handlers["http"]
    assert handlers["data"]


def test_retry__429_is_left_to_the_pace(settings: Settings) -> None:
    assert sorted(int(code) for code in settings.getlist("RETRY_HTTP_CODES")) == [408, 500, 502, 503, 504]


def test_user_agent__names_the_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    import monitor.settings

    with monkeypatch.context() as patch:
        patch.setenv("MONITOR_CONTACT", "desk@newsroom.example")
        assert "desk@newsroom.example" in importlib.reload(monitor.settings).USER_AGENT
    importlib.reload(monitor.settings)
