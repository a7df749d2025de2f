"""Turn the one setting ``public_address`` of ``_config.yml`` into buttons and links.

While an address is empty, whatever would lead nowhere is left out: no repository button, no error link.
"""

from html import escape
from typing import Any
from urllib.parse import quote

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

KEYS = {"repository", "site"}
NEW_ISSUE = {
    "github.com": "{repository}/issues/new?title={title}",
    "gitlab.com": "{repository}/-/issues/new?issue[title]={title}",
    "bitbucket.org": "{repository}/issues/new?title={title}",
}


def read_address(config: Config) -> dict[str, str]:
    """Return the setting with both keys present, or raise with what is wrong.

    Raises
    ------
    ConfigError
        For an unknown key, or an address that does not start with https://.
    """
    setting = config.public_address or {}  # type: ignore[attr-defined]
    if not isinstance(setting, dict):
        raise ConfigError(f"public_address in _config.yml wants repository and site, got {setting!r}.")
    if unknown := set(setting) - KEYS:
        raise ConfigError(f"public_address in _config.yml knows repository and site, got {sorted(unknown)}.")
    address = {key: str(setting.get(key) or "").rstrip("/") for key in KEYS}
    for key, value in address.items():
        if value and not value.startswith("https://"):
            raise ConfigError(f"public_address, {key}: wanted an address that starts with https://, got {value!r}.")
    return address


def host_of(address: str) -> str:
    """Return the host of an https address."""
    return address.removeprefix("https://").split("/")[0]


def apply_address(app: Sphinx, config: Config) -> None:
    """Set the theme's options and the base address from the one setting."""
    address = read_address(config)
    if address["site"]:
        config.html_baseurl = address["site"] + "/"  # type: ignore[attr-defined]
    if not address["repository"]:
        return
    if host_of(address["repository"]) not in NEW_ISSUE:
        raise ConfigError(
            f"public_address: repository in _config.yml must be on one of {', '.join(NEW_ISSUE)}, "
            f"got {address['repository']!r}."
        )
    config.html_theme_options.update(  # type: ignore[attr-defined]
        repository_url=address["repository"], use_repository_button=True
    )


def add_error_link(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """End every page with *Report an error here*, once there is a place to report to."""
    repository = read_address(app.config)["repository"]
    if not repository or doctree is None:
        return
    title = quote(f"Error on page {pagename}", safe="")
    target = NEW_ISSUE[host_of(repository)].format(repository=repository, title=title)
    context["body"] += f'\n<p class="report-error"><a href="{escape(target)}">Report an error here</a></p>\n'


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the setting and its two consequences with Sphinx."""
    app.add_config_value("public_address", {}, "html")
    app.connect("config-inited", apply_address)
    app.connect("html-page-context", add_error_link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
