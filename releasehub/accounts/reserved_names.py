"""Names that an account or an organization cannot have, because the URLs of the hub begin with them.

Downloads are also found under `/{owner}/{repo}`. An owner with one of these names would have addresses that lead to
another page. Accounts and organizations that have such a name already keep it, and their downloads are found
everywhere else. `tests/pages/test_reserved_names.py` compares the names with the routes.
"""

URL_NAMES = frozenset({
    ".well-known", "account", "admin", "api", "authors", "avatars", "categories", "d", "downloads", "favicon.ico",
    "feed.atom", "feed.json", "feeds", "healthz", "index.php", "llms.txt", "metrics", "organizations", "pictures",
    "preview", "readyz", "report", "robots.txt", "search", "share", "sitemap.xml", "static", "styleguide", "tags",
    "theme.css", "v3", "version", "version_file", "version_files", "versions",
})  # fmt: skip
# Routes that later versions of the hub may have, and that people would take for pages of the hub.
FUTURE_NAMES = frozenset({
    "about", "blog", "contact", "dashboard", "docs", "explore", "graphql", "imprint", "install", "issues", "login",
    "logout", "media", "new", "news", "notifications", "pricing", "privacy", "register", "releases", "repos", "sign-in",
    "sign-out", "sign-up", "stars", "status", "terms", "trending", "uploads",
})  # fmt: skip


def is_url_name(name: str) -> bool:
    """Return whether a URL of the hub begins with this name, in any case."""
    return name.casefold() in URL_NAMES


def is_reserved_owner(name: str) -> bool:
    """Return whether no new account and no new organization may have this name."""
    return is_url_name(name) or name.casefold() in FUTURE_NAMES
