"""The nginx configuration of the documentation, in front of a hub that a test has started."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.hubs import ROOT, Hub, free_port

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
# A hub behind this nginx has to be started with these variables.
BEHIND_NGINX = {"RELEASEHUB_ACCEL_REDIRECT": "/stored-files", "RELEASEHUB_BEHIND_PROXY": "1"}
START_SECONDS = 60  # for a busy machine; a failed start ends the wait immediately


@dataclass(frozen=True)
class Certificate:
    """The files of a server certificate, of its private key, and of the certificate authority that clients trust."""

    chain: Path
    key: Path
    authority: Path


@contextmanager
def nginx_in_front(hub: Hub, folder: Path, certificate: Certificate | None = None) -> Iterator[str]:
    """Run nginx with the documented configuration during the block, and yield its URL.

    With a certificate it speaks TLS, and the URL has the name `localhost`.
    """
    port = free_port()
    for parent in (hub.data, *hub.data.parents[:3]):
        parent.chmod(0o755)
    configuration = folder / "nginx.conf"
    configuration.write_text(configuration_for(hub, folder, port, certificate))
    url = f"https://localhost:{port}" if certificate else f"http://127.0.0.1:{port}"
    errors = folder / "error.log"
    process = subprocess.Popen([str(NGINX), "-e", str(errors), "-c", str(configuration), "-p", str(folder)])
    try:
        wait_for(url, process, errors, certificate)
        yield url
    finally:
        process.terminate()
        process.wait(300)


def configuration_for(hub: Hub, folder: Path, port: int, certificate: Certificate | None) -> str:
    server = (ROOT / "docs/nginx.conf").read_text()
    listen = f"listen 127.0.0.1:{port};"
    if certificate:
        listen = (
            f"listen 127.0.0.1:{port} ssl; ssl_certificate {certificate.chain}; ssl_certificate_key {certificate.key};"
        )
    for documented, here in (
        ("listen 80;", listen),
        ("http://127.0.0.1:8000", hub.url),
        ("/srv/releasehub/files/", f"{hub.data}/files/"),
    ):
        assert documented in server
        server = server.replace(documented, here)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    return (
        f"daemon off; user root; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log {folder}/access.log; {temporary} {server} }}\n"
    )


def wait_for(url: str, process: subprocess.Popen[bytes], errors: Path, certificate: Certificate | None) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate.authority)) if certificate else None
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, errors.read_text()
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=5, context=trusted).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(errors.read_text())
