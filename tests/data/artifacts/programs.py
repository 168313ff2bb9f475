"""Packages of programming languages, apps, browsers and games, and documents."""

from __future__ import annotations

import bz2
import struct
import tarfile

from tests.data.artifacts.building import ELF, MZ, OLE, PNG, STORED, Artifact, gz, plain, symlink, tar, warned, zstd
from tests.files.inspection.archive_recipes import Member, Zip, extra_field, streamed, tar_by_library, zip_by_library


def wheel() -> bytes:
    return zip_by_library({"tool/_speed.so": ELF, "tool-1.0.dist-info/WHEEL": b"", "tool-1.0.dist-info/RECORD": b""})


def war() -> bytes:
    library = zip_by_library({"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n", "A.class": b"\xca\xfe\xba\xbe"})
    return zip_by_library({"META-INF/": b"", "WEB-INF/web.xml": b"<web-app/>", "WEB-INF/lib/a.jar": library})


def multi_release_jar() -> bytes:
    names = ["META-INF/", "META-INF/MANIFEST.MF", "a/B.class", "META-INF/versions/9/a/B.class", "module-info.class"]
    return zip_by_library({name: b"" if name.endswith("/") else b"\xca\xfe\xba\xbe" for name in names})


def signed_jar() -> bytes:
    return Zip(
        [
            Member(b"META-INF/MANIFEST.MF", extra=extra_field(0xCAFE, b""), local_extra=extra_field(0xCAFE, b"")),
            *(
                streamed(name=name)
                for name in (b"META-INF/SIGNER.SF", b"META-INF/SIGNER.RSA", b"a/A.class", b"a/a.class")
            ),
        ]
    ).build()


def spring_boot_jar() -> bytes:
    nested = zip_by_library({"x": b"x"}, STORED)
    return Zip([Member(b"BOOT-INF/lib/x.jar", nested, method=0)], prefix=b"#!/bin/bash\nexec java -jar $0\n").build()


def apk_v3() -> bytes:
    block = struct.pack("<Q", 32) + bytes(8) + struct.pack("<Q", 32) + b"APK Sig Block 42"
    members = [Member(b"AndroidManifest.xml"), Member(b"resources.arsc", method=0, local_extra=bytes(3))]
    members.append(Member(b"lib/arm64-v8a/libapp.so", ELF, method=0, local_extra=extra_field(0xD935, bytes(8))))
    return Zip([*members, Member(b"r/A.xml"), Member(b"r/a.xml")], before_directory=block).build()


def debug_apk() -> bytes:
    """Return what Android's build tools write for each build: they fill unused room with headers without a name."""
    room = Member(b"", b"", method=0, is_hidden=True, local_extra=bytes(102))
    return Zip([room, Member(b"AndroidManifest.xml"), room, room, Member(b"classes.dex", method=0), room]).build()


def ota() -> bytes:
    """Return an Android update, whose signature is in the comment of the archive."""
    comment = b"signed by SignApk\0" + bytes(range(256)) + struct.pack("<3H", 256, 0xFFFF, 280)
    return Zip(
        [Member(b"META-INF/com/google/android/update-binary"), Member(b"payload.bin", method=0)], comment
    ).build()


def crx() -> bytes:
    header = b"\x12\xac\x04" + bytes(60)
    return b"Cr24" + struct.pack("<2L", 3, len(header)) + header + zip_by_library({"manifest.json": b"{}"})


def jmod() -> bytes:
    return b"JM\x01\0" + zip_by_library({"classes/module-info.class": b"\xca\xfe\xba\xbe", "bin/java": ELF})


def opendocument(kind: bytes) -> bytes:
    """Return a document whose first member is its type, stored without compression, as in EPUB and OpenDocument."""
    first = Member(b"mimetype", kind, method=0)
    return Zip([first, Member(b"META-INF/container.xml"), Member(b"OEBPS/1.xhtml")]).build()


def docx() -> bytes:
    return zip_by_library(dict.fromkeys(["[Content_Types].xml", "_rels/.rels", "word/document.xml"], b"<x/>"))


def conda() -> bytes:
    payload = zstd(tar(plain("bin/tool")))
    return zip_by_library({"metadata.json": b"{}", "pkg-tool-1.0-0.tar.zst": payload, "info-tool.tar.zst": b""}, STORED)


def conda_bz2() -> bytes:
    links = symlink("lib/libz.so.1", "libz.so.1.3"), symlink("share/terminfo/x", "../../lib/terminfo/x")
    return bz2.compress(tar(plain("info/index.json"), plain("lib/libz.so.1.3", ELF), *links))


def gem() -> bytes:
    parts = ("metadata.gz", b""), ("data.tar.gz", tar(plain("lib/tool.rb"))), ("checksums.yaml.gz", b"---\n")
    return tar(*(plain(name, gz(content), 0o444) for name, content in parts))


def npm() -> bytes:
    names = {"package/package.json": b"{}", "package/node_modules/a/cli.js": b"#!/usr/bin/env node\n"}
    return gz(tar_by_library(names, format_=tarfile.USTAR_FORMAT))


def node_modules() -> bytes:
    return gz(tar(plain("app/node_modules/a/cli.js"), symlink("app/node_modules/.bin/a", "../a/cli.js")))


def go_module() -> bytes:
    return zip_by_library(dict.fromkeys(["example.com/!tool@v1.0.0/go.mod", "example.com/!tool@v1.0.0/a.go"], b"x"))


def asar() -> bytes:
    header = b'{"files":{"main.js":{"size":2,"offset":"0"}}}'
    return struct.pack("<4L", 4, len(header) + 8, len(header) + 4, len(header)) + header + b"//"


def pdf() -> bytes:
    return b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def love_game() -> bytes:
    return zip_by_library({"main.lua": b"function love.draw() end", "conf.lua": b""})


def fused_game() -> bytes:
    return Zip([Member(b"main.lua")], prefix=MZ, is_prefix_counted=False).build()


def python_package() -> bytes:
    return Zip([Member(b"__main__.py"), Member(b".bootstrap/_pex.py")], prefix=b"#!/usr/bin/env python3\n").build()


PROGRAMS: dict[str, Artifact] = {
    # Android, Java, browsers
    "app-release.apk": Artifact(apk_v3),
    "app-debug.apk": Artifact(debug_apk),
    "app.xapk": Artifact(lambda: zip_by_library({"manifest.json": b"{}", "app.apk": apk_v3()}, STORED)),
    "bundle.aab": Artifact(lambda: zip_by_library({"base/manifest/AndroidManifest.xml": b"", "BundleConfig.pb": b""})),
    "app.ipa": Artifact(lambda: zip_by_library({"Payload/Tool.app/Tool": b"\xcf\xfa\xed\xfe"})),
    "ota-signed.zip": Artifact(ota),
    "tool.war": Artifact(war),
    "tool.ear": Artifact(lambda: zip_by_library({"META-INF/application.xml": b"", "tool.war": war()})),
    "multi-release.jar": Artifact(multi_release_jar),
    "signed.jar": Artifact(signed_jar),
    "spring-boot.jar": Artifact(spring_boot_jar),
    "java.base.jmod": Artifact(jmod),
    "extension.crx": Artifact(crx),
    "extension.xpi": Artifact(lambda: zip_by_library({"META-INF/mozilla.rsa": b"", "manifest.json": b"{}"})),
    "extension.vsix": Artifact(lambda: zip_by_library({"extension.vsixmanifest": b"", "[Content_Types].xml": b""})),
    "app.asar": Artifact(asar),
    # Packages of languages
    "tool-1.0-cp311-cp311-manylinux_2_28_x86_64.whl": Artifact(wheel),
    "tool.pex": Artifact(python_package),
    "tool-1.0-0.conda": Artifact(conda),
    "tool-1.0-0.tar.bz2": Artifact(conda_bz2),
    "tool-1.0.gem": Artifact(gem),
    "tool-1.0.0.tgz": Artifact(npm),
    "deploy.tar.gz": Artifact(node_modules),
    "v1.0.0.zip": Artifact(go_module),
    # Games
    "game.love": Artifact(love_game),
    "game.exe": Artifact(fused_game),
    "pack.mcpack": Artifact(lambda: zip_by_library({"manifest.json": b"{}", "textures/a.png": PNG})),
    "mods.mrpack": Artifact(lambda: zip_by_library({"modrinth.index.json": b"{}", "overrides/config/a.toml": b""})),
    "maps.pk3": Artifact(lambda: zip_by_library({"maps/a.bsp": b"IBSP"})),
    # Documents
    "manual.pdf": Artifact(pdf),
    "book.epub": Artifact(lambda: opendocument(b"application/epub+zip")),
    "text.odt": Artifact(lambda: opendocument(b"application/vnd.oasis.opendocument.text")),
    "text.docx": Artifact(docx),
    "protected.docx": warned(lambda: OLE, "encrypted"),
    "data.sqlite": Artifact(lambda: b"SQLite format 3\0" + bytes(84)),
}
