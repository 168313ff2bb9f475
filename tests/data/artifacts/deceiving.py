"""The forms of legitimate artifacts with a trick in them. Each is rejected for exactly this reason."""

from __future__ import annotations

from tests.data.artifacts.building import Artifact, encoded_names, gz, plain, symlink, tar, warned, zipped_link
from tests.data.artifacts.programs import crx
from tests.data.artifacts.systems import rootfs
from tests.files.inspection.archive_recipes import Member, TarMember, Zip

DECEIVING: dict[str, Artifact] = {
    "rootfs.tar.gz": warned(
        lambda: gz(rootfs()[:-1024] + tar(TarMember(b"./run/initctl", type=b"6"))), "special_member"
    ),
    "through-link.tar": warned(lambda: tar(symlink("./etc", "/etc"), plain("./etc/passwd")), "through_link"),
    "package.apk": warned(lambda: gz(tar(plain(".PKGINFO"), plain("../../etc/cron.d/x"))), "traversal"),
    "no-package.apk": warned(lambda: b"This is text.", "wrong_type"),
    "protected.docx": warned(lambda: b"This is text.", "wrong_type"),
    "no-archive.tar.gz": warned(lambda: b"This is text.", "wrong_type"),
    "evil.nupkg": warned(lambda: Zip([Member(b"lib/%2e%2e/%2e%2e/evil.dll")]).build(), "traversal"),
    "evil.docx": warned(lambda: Zip([Member(b"word/document.xml"), Member(b"..\\..\\evil")]).build(), "traversal"),
    "icon.zip": warned(lambda: Zip([Member(b"Icon\r.exe")]).build(), "control_characters"),
    "icon-folder.zip": warned(lambda: Zip([Member(b"Icon\r/a")]).build(), "control_characters"),
    "signed.exe.zip": warned(
        lambda: Zip([Member()], suffix=b"\x10\0\0\0\0\2\2\0" + bytes(16)).build(), "trailing_data"
    ),
    "image.tar": warned(lambda: tar(symlink("bb/layer.tar", "../../aa/layer.tar")), "link_outside"),
    "framework.zip": warned(lambda: Zip([zipped_link("a/Current", "../../A")]).build(), "link_outside"),
    "ota.zip": warned(lambda: Zip([Member()], comment=Zip([Member(b"b")]).build()).build(), "conflict"),
    "extension.crx": warned(lambda: crx()[:12] + b"%PDF-1.7" + crx()[20:], "polyglot"),
    "tool.pex": warned(lambda: Zip([Member(b"../a")], prefix=b"#!/usr/bin/env python3\n").build(), "traversal"),
    "shift-jis.zip": warned(lambda: encoded_names("shift_jis", "\u8868/..\\..\\evil.txt"), "traversal"),
}
