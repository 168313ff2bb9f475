"""The User-Agent of a request: an application that names itself, or just the HTTP library that it uses."""

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
    """Return whether a User-Agent contains a product that is not just an HTTP library.  Source: RFC 9110, 10.1.5."""
    products = _COMMENTS.sub(" ", agent).split()
    return any(product.partition("/")[0].lower() not in _LIBRARIES for product in products)
