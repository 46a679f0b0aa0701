"""Whether platforms can reach the person who runs this."""

from monitor.config import Config
from monitor.doctor.finding import Finding


def contact(config: Config) -> Finding:
    """The contact that is sent with each request."""
    if config.contact:
        return Finding(check="contact", state="ok", says=f"Requests say that {config.contact} runs this.")
    return Finding(
        check="contact",
        state="warn",
        says="Requests do not say who runs this; some platforms block such programs, and none can write to you first.",
        fix="Set MONITOR_CONTACT to a mail address or a page about you.",
    )
