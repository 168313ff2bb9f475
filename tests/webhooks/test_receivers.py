"""Tests of the documented receivers in other languages, against real deliveries of the hub."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from releasehub.webhooks import signing

pytestmark = pytest.mark.embedded
PAGE = Path(__file__).resolve().parents[2] / "docs/receivers.md"
OLD, NEW, CHOSEN = signing.new_secret(), signing.new_secret(), "correct-horse-battery"


@dataclass(frozen=True)
class Language:
    """A language. `program` is a script around the documented code that takes arguments and prints yes or no."""

    command: tuple[str, ...]
    suffix: str
    program: str


GO_IMPORTS = "crypto/hmac crypto/sha256 encoding/base64 fmt math net/http os strconv strings time"
LANGUAGES = {
    "python": Language(
        (sys.executable,),
        ".py",
        "{code}\nimport sys\ns, i, t, g, b = sys.argv[1:]\n"
        "headers = {'webhook-id': i, 'webhook-timestamp': t, 'webhook-signature': g}\n"
        "print('yes' if is_from_the_hub(s, headers, b.encode()) else 'no')\n",
    ),
    "javascript": Language(
        ("node",),
        ".js",
        "{code}\nconst [s, i, t, g, b] = process.argv.slice(2);\n"
        "const headers = {'webhook-id': i, 'webhook-timestamp': t, 'webhook-signature': g};\n"
        "console.log(isFromTheHub(s, headers, Buffer.from(b)) ? 'yes' : 'no');\n",
    ),
    "go": Language(
        ("go", "run"),
        ".go",
        "package main\n"
        + "".join(f'import "{name}"\n' for name in GO_IMPORTS.split())
        + '{code}\nfunc main() {\nh := http.Header{}\nh.Set("webhook-id", os.Args[2])\n'
        'h.Set("webhook-timestamp", os.Args[3])\nh.Set("webhook-signature", os.Args[4])\n'
        'if isFromTheHub(os.Args[1], h, []byte(os.Args[5])) {\nfmt.Println("yes")\n} else {\nfmt.Println("no")\n}\n}\n',
    ),
    "php": Language(
        ("php",),
        ".php",
        "<?php\n{code}\n[, $s, $i, $t, $g, $b] = $argv;\n"
        "$h = ['webhook-id' => $i, 'webhook-timestamp' => $t, 'webhook-signature' => $g];\n"
        "echo is_from_the_hub($s, $h, $b) ? 'yes' : 'no';\n",
    ),
    "ruby": Language(
        ("ruby",),
        ".rb",
        "{code}\ns, i, t, g, b = ARGV\n"
        "h = {'webhook-id' => i, 'webhook-timestamp' => t, 'webhook-signature' => g}\n"
        "puts from_the_hub?(s, h, b) ? 'yes' : 'no'\n",
    ),
}


@dataclass(frozen=True)
class Message:
    secret: str
    signature: str
    timestamp: str
    id: str = "msg_1"
    body: str = '{"type":"version.published","title":"Grüße"}'


def sent(*secrets: str, age: int = 0) -> Message:
    """Return the headers of a delivery while these secrets are valid."""
    timestamp = int(time.time()) - age
    body = Message.body.encode()
    return Message(secrets[0], signing.standard_signature(secrets, Message.id, timestamp, body), str(timestamp))


@pytest.mark.parametrize("name", LANGUAGES)
def test_documented_receivers_accept_only_valid_signatures(name: str, tmp_path: Path) -> None:
    language = LANGUAGES[name]
    if shutil.which(language.command[0]) is None:
        pytest.skip(f"{language.command[0]} is not installed")
    code = re.search(rf"```{name}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    file = tmp_path / f"receiver{language.suffix}"
    file.write_text(language.program.replace("{code}", code[1]), encoding="utf-8")

    def verdict(message: Message) -> str:
        said = (message.secret, message.id, message.timestamp, message.signature, message.body)
        done = subprocess.run([*language.command, str(file), *said], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    good = sent(NEW, OLD)
    accepted = [good, replace(good, secret=OLD), sent(CHOSEN)]
    refused = [
        replace(good, body=good.body + " "),
        replace(good, id="msg_2"),
        replace(good, timestamp=str(int(good.timestamp) + 1)),
        replace(good, timestamp="x"),
        replace(good, signature="v1,"),
        replace(good, secret=signing.new_secret()),
        sent(NEW, age=400),
    ]
    assert [verdict(message) for message in accepted] == ["yes"] * 3
    assert [verdict(message) for message in refused] == ["no"] * 7
