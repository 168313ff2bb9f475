"""Who calls: an application that names itself, or a library that says nothing of who uses it."""

import re

_COMMENTS = re.compile(r"\([^()]*\)")
_LIBRARIES = frozenset(
    {
        "aiohttp", "alamofire", "apache-httpclient", "axios", "cfnetwork", "cpp-httplib", "curl", "dart", "darwin",
        "deno", "faraday", "fetch", "go-http-client", "got", "guzzlehttp", "http.rb", "httpie", "httpx", "hyper",
        "insomnia", "jakarta", "java", "java-http-client", "ktor-client", "libcurl", "libwww-perl",
        "lua-resty-http", "lwp::simple", "mechanize", "node", "node-fetch", "node.js", "okhttp", "perl", "php",
        "postmanruntime", "powershell", "python", "python-httpx", "python-requests", "python-urllib",
        "python-urllib3", "reqwest", "rest-client", "restsharp", "ruby", "superagent", "symfony", "typhoeus",
        "undici", "unirest", "ureq", "urllib3", "wget", "winhttp",
    }
)  # fmt: skip


def names_an_application(agent: str) -> bool:
    """Whether a User-Agent holds any product that is not a bare HTTP library.  Source: RFC 9110, 10.1.5."""
    products = _COMMENTS.sub(" ", agent).split()
    return any(product.partition("/")[0].lower() not in _LIBRARIES for product in products)
