"""Build the sample archives beside this file.

    python -m tests.data.archives.build

The folder of a sample is its verdict: `accept`, `warn` or `reject`. The name of a rejected sample, or of one with
a warning, begins with the code of its finding, as in `reject/traversal~parent-folder.zip` for `archive.traversal`.

The accepted samples are written by the tools that people publish with: GNU tar, Info-ZIP, jar, git, npm, cargo and
Python. Most hostile ones are recipes, because no tool writes them. A sample is only built if its tool is installed, so
the archives are committed; their bytes change with the versions of the tools.
"""

from __future__ import annotations

import bz2
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.files.inspection.archive_recipes import (
    Member,
    TarMember,
    Zip,
    build_tar,
    end_record,
    extra_field,
    quoted_overlap,
    tar_by_library,
    unicode_path,
    zip_with,
)

HERE = Path(__file__).parent
MAX_BYTES = 20_000

# A shell command in a folder with a small project. It writes the archive to "$OUT".
TOOLS: dict[str, str] = {
    "accept/info-zip.zip": 'zip -rq "$OUT" tool',
    "accept/info-zip-stored.zip": 'zip -rq -0 "$OUT" tool',
    "accept/info-zip-bzip2.zip": 'zip -rq -Z bzip2 "$OUT" tool',
    "accept/info-zip-zip64.zip": 'zip -rq -fz "$OUT" tool',
    "accept/info-zip-streamed.zip": 'zip -rq - tool | cat > "$OUT"',
    "accept/info-zip-stdin.zip": 'tar -cf - tool | zip -q - - | cat > "$OUT"',
    "accept/bsdtar-piped.zip": 'bsdtar --format=zip -cf - tool linked | cat > "$OUT"',
    "accept/bsdtar-piped-zip64.zip": 'bsdtar --format=zip --options zip:zip64 -cf - tool | cat > "$OUT"',
    "accept/info-zip-links.zip": 'zip -rqy "$OUT" tool linked',
    "accept/info-zip-unicode.zip": 'zip -rq "$OUT" "tool/größe 日本.txt"',
    "accept/info-zip-comment.zip": 'echo "Release 1.0" | zip -rqz "$OUT" tool',
    "accept/info-zip-updated.zip": 'zip -rq "$OUT" tool && echo more >> tool/README.md && zip -rq "$OUT" tool',
    "accept/jar.jar": 'jar cf "$OUT" -C tool .',
    "accept/zipapp.pyz": 'python3 -m zipapp app -o "$OUT" -p "/usr/bin/env python3" -c',
    "accept/shutil.zip": "python3 -c \"import shutil; shutil.make_archive('a', 'zip', 'tool')\" && mv a.zip \"$OUT\"",
    "accept/wheel.whl": 'python3 -m pip wheel -q --no-deps -w . ./package && mv *.whl "$OUT"',
    "accept/sdist.tar.gz": 'cd package && python3 setup.py -q sdist && mv dist/*.tar.gz "$OUT"',
    "accept/git-archive.zip": 'git --git-dir=git archive --format=zip --prefix=tool-1.0/ -o "$OUT" HEAD',
    "accept/git-archive.tar.gz": 'git --git-dir=git archive --format=tar.gz --prefix=tool-1.0/ -o "$OUT" HEAD',
    "accept/npm-pack.tgz": 'cd node && npm pack --silent --offline >/dev/null && mv *.tgz "$OUT"',
    "accept/cargo-package.crate": (
        'cd crate && cargo package -q --offline --no-verify --allow-dirty && mv target/package/*.crate "$OUT"'
    ),
    "accept/deb-data.tar.xz": (
        'mkdir -p deb/DEBIAN deb/usr/bin && cp tool/run.sh deb/usr/bin/ && printf "Package: tool\\nVersion: 1\\n'
        'Architecture: all\\nMaintainer: a <a@example.com>\\nDescription: tool\\n" > deb/DEBIAN/control && '
        'dpkg-deb -Zxz --root-owner-group -b deb deb.deb >/dev/null && dpkg-deb --fsys-tarfile deb.deb | xz > "$OUT"'
    ),
    **{
        f"accept/gnu-tar-{form}.tar": f'tar --format={form} -cf "$OUT" tool/README.md tool/run.sh'
        for form in ("gnu", "oldgnu", "pax", "ustar", "v7")
    },
    "accept/gnu-tar.tar.gz": 'tar -czf "$OUT" tool',
    "accept/gnu-tar.tar.bz2": 'tar -cjf "$OUT" tool',
    "accept/gnu-tar.tar.xz": 'tar -cJf "$OUT" tool',
    "accept/gnu-tar.tar.zst": 'tar --zstd -cf "$OUT" tool',
    "accept/gnu-tar-from-here.tgz": 'tar -czf "$OUT" -C tool .',
    "accept/gnu-tar-long-names.tar.gz": 'tar --format=gnu -czf "$OUT" long',
    "accept/pax-long-names.tar.gz": 'tar --format=pax -czf "$OUT" long',
    "accept/gnu-tar-links.tar.gz": 'tar -czf "$OUT" tool linked',
    "accept/gnu-tar-label.tar.gz": 'tar -czf "$OUT" --label=Release tool',
    "accept/gnu-tar-sparse.tar.gz": 'truncate -s 1M image && tar --sparse -czf "$OUT" image',
    "accept/gnu-tar-unicode.tar.gz": 'tar --format=pax -czf "$OUT" "tool/größe 日本.txt"',
    "accept/two-gzip-streams.tar.gz": (
        'tar -cf a.tar tool && head -c 5120 a.tar | gzip > "$OUT" && tail -c +5121 a.tar | gzip >> "$OUT"'
    ),
    "warn/bomb~zeros.tar.bz2": 'truncate -s 70M zeros && tar -cjf "$OUT" zeros',
    "warn/bomb~zeros.zip": 'truncate -s 70M zeros && zip -q -Z bzip2 "$OUT" zeros',
    "warn/bomb~sparse-gnu.tar": 'truncate -s 5G image && tar --format=gnu --sparse -cf "$OUT" image',
    "warn/bomb~sparse-pax.tar": 'truncate -s 5G image && tar --format=pax --sparse -cf "$OUT" image',
    "warn/encrypted~password.zip": 'zip -rq -P secret "$OUT" tool',
    "warn/encrypted~links.zip": 'zip -rqy -P secret "$OUT" linked',
    "warn/setuid~tool.tar.gz": 'chmod 4755 tool/run.sh && tar -czf "$OUT" tool',
    "warn/setuid~tool.zip": 'chmod 4755 tool/run.sh && zip -rq "$OUT" tool',
    "warn/absolute_link~root.tar.gz": 'ln -s /proc/mounts linked/mtab && tar -czf "$OUT" linked',
    "warn/incremental~gnu-tar.tar.gz": 'tar --listed-incremental=state -czf "$OUT" tool',
    "warn/split~last-part-with-members.zip": (
        'for n in $(seq 70); do head -c 1000 /dev/urandom > m$n; done && zip -q -s 64k a.zip m* && mv a.zip "$OUT"'
    ),
    "warn/split~last-part.zip": ('head -c 70000 /dev/urandom > noise && zip -q -s 64k a.zip noise && mv a.zip "$OUT"'),
    "warn/split~last-part-zip64.zip": (
        'for n in $(seq 70); do head -c 1000 /dev/urandom > m$n; done && zip -q -fz -s 64k a.zip m* && mv a.zip "$OUT"'
    ),
    "warn/similar_names~readme.zip": 'echo other > tool/readme.md && zip -rq "$OUT" tool',
    "reject/traversal~gnu-tar.tar.gz": 'cd tool && tar -cPzf "$OUT" ../linked',
    "reject/absolute~gnu-tar.tar.gz": 'tar -cPzf "$OUT" /etc/hostname',
    "reject/link_outside~relative.tar.gz": 'ln -s ../../../etc/passwd linked/out && tar -czf "$OUT" linked',
    "warn/absolute_link~passwd.zip": 'ln -s /etc/passwd linked/out && zip -rqy "$OUT" linked',
    "reject/special_member~fifo.tar.gz": 'mkfifo tool/pipe && tar -czf "$OUT" tool',
    "reject/duplicate~appended.tar": 'tar -cf "$OUT" tool/README.md && tar -rf "$OUT" tool/README.md',
    "reject/wrong_type~tar-called.zip": 'tar -cf "$OUT" tool',
    "reject/wrong_type~text-called.tar.gz": 'cp tool/README.md "$OUT"',
    "reject/truncated~half.zip": 'zip -rq a.zip tool && head -c 400 a.zip > "$OUT"',
    "reject/truncated~half.tar.gz": 'tar -czf a.tar.gz tool && head -c 200 a.tar.gz > "$OUT"',
    "reject/trailing_data~two-zips.tar.gz": 'tar -czf "$OUT" tool && zip -rq a.zip tool && cat a.zip >> "$OUT"',
    "reject/prefix~two-zips.zip": 'zip -rq a.zip tool && zip -rq b.zip linked && cat a.zip b.zip > "$OUT"',
    "reject/prefix~zip-after-image.zip": 'printf "\\211PNG\\r\\n\\032\\n" > "$OUT" && zip -rq - tool | cat >> "$OUT"',
    "reject/polyglot~image-and-zip.png": 'printf "\\211PNG\\r\\n\\032\\n" > "$OUT" && zip -rq - tool | cat >> "$OUT"',
}


def as_last_part(content: bytes, *, directory_part: int = 1) -> bytes:
    """Return a zip archive whose end record claims that it is the second of two parts."""
    return content[:-18] + struct.pack("<HH", 1, directory_part) + content[-14:]


_EVIL = TarMember(b"../evil")
# What no tool writes.
RECIPES: dict[str, bytes] = {
    "accept/apk-signing-block.apk": Zip(
        [Member(local_extra=bytes(3), method=0)], before_directory=b"\x20" + bytes(15) + b"APK Sig Block 42"
    ).build(),
    "accept/executable.jar": Zip([Member()], prefix=b"#!/bin/sh\nexec java -jar $0\n").build(),
    "accept/self-extracting.exe": Zip([Member()], prefix=b"MZ" + bytes(5000), is_prefix_counted=False).build(),
    "accept/unicode-path.zip": Zip([Member(b"\x81ber", extra=unicode_path(b"\x81ber", "über"))]).build(),
    "accept/before-ustar.tar": build_tar(TarMember(magic=b"")),
    "warn/method~unknown.zip": Zip([Member(method=99)]).build(),
    "warn/too_many_members~claimed.zip": Zip([Member()], has_zip64_end=True, zip64_count=5_000_000).build(),
    "reject/traversal~parent-folder.zip": zip_with("../evil"),
    "reject/traversal~backslash.zip": zip_with("..\\..\\evil"),
    "reject/traversal~escaped.zip": zip_with("%2e%2e/evil"),
    "reject/traversal~overlong-utf8.zip": Zip([Member(b"..\xc0\xafevil")]).build(),
    "reject/traversal~pax-path.tar": build_tar(TarMember(b"good", pax={"path": b"../evil"})),
    "reject/traversal~under-long-name.tar": build_tar(TarMember(b"../evil", long_name=b"good")),
    "reject/traversal~two-bzip2-streams.tar.bz2": b"".join(map(bz2.compress, (TarMember().build(), build_tar(_EVIL)))),
    "reject/absolute~drive.zip": zip_with("C:evil"),
    "reject/absolute~home.tar": build_tar(TarMember(b"~/.ssh/authorized_keys")),
    "reject/control_characters~nul.zip": Zip([Member(b"good.txt\0.exe")]).build(),
    "reject/control_characters~direction.zip": zip_with("a\u202egpj.exe", flags=0x800),
    "reject/control_characters~nul.tar": build_tar(TarMember(long_name=b"good\0evil")),
    "reject/name_too_long~part.zip": zip_with("n" * 256),
    "reject/name_empty~top-folder.zip": zip_with("./."),
    "reject/name_encoding~no-utf8.zip": Zip([Member(b"\xff.txt", flags=0x800)]).build(),
    "reject/through_link~file-as-folder.zip": zip_with("a", "a/b"),
    "reject/link_outside~hard-link.tar": build_tar(
        TarMember(b"a/b/s", type=b"2", link=b"../../x"), TarMember(b"h", type=b"1", link=b"a/b/s")
    ),
    "reject/duplicate~two-contents.zip": Zip([Member(), Member(content=b"another")]).build(),
    "reject/conflict~local-name.zip": Zip([Member(local_name=b"evil.txt")]).build(),
    "reject/conflict~local-size.zip": Zip([Member(local_sizes=(1, 2, 3))]).build(),
    "reject/conflict~decompresses-to-more.zip": Zip([Member(content=bytes(5000), size=10)]).build(),
    "reject/conflict~end-record-in-comment.zip": Zip([Member()], comment=end_record()).build(),
    "reject/conflict~zip64-count.zip": Zip([Member()], has_zip64_end=True, zip64_count=2).build(),
    "reject/conflict~unicode-path.zip": Zip([Member(extra=unicode_path(b"a.txt", "b.txt"))]).build(),
    "reject/conflict~link-for-some.zip": Zip([Member(extra=extra_field(0x756E, b"1234\xff\xa1" + bytes(12)))]).build(),
    "reject/conflict~fewer-than-claimed.zip": Zip([Member()], count=2).build(),
    "reject/conflict~two-sizes.tar": build_tar(TarMember(pax={"size": b"0"})),
    "reject/conflict~two-pax-paths.tar": build_tar(TarMember(pax=b"9 path=a\n9 path=b\n")),
    "reject/overlap~quoted.zip": quoted_overlap(20, 100),
    "reject/hidden_member~between.zip": Zip([Member(), Member(b"b", is_hidden=True), Member(b"c")]).build(),
    "reject/prefix~document.zip": Zip([Member()], prefix=b"%PDF-1.7\n%%EOF\n").build(),
    "reject/trailing_data~after-the-end.zip": Zip([Member()], suffix=b"more").build(),
    "reject/trailing_data~after-zeros.zip": Zip([Member()], suffix=bytes(100) + b"more").build(),
    "reject/conflict~end-record-before-zeros.zip": Zip([Member()], comment=end_record(), suffix=bytes(100)).build(),
    "reject/trailing_data~member-after-the-end.tar": build_tar(TarMember()) + build_tar(TarMember(b"b")),
    "reject/unreadable~checksum.zip": Zip([Member(crc=1)]).build(),
    "reject/unreadable~checksum.tar": build_tar(TarMember()).replace(b"a.txt", b"b.txt"),
    "reject/unreadable~negative-size.tar": build_tar(TarMember(pax={"size": b"-1"})),
    "reject/truncated~no-end-mark.tar": tar_by_library({"a": b"content"})[:1024],
    "warn/device~console.tar": build_tar(TarMember(type=b"3")),
    "warn/device~console.zip": zip_with("a", mode=0o20644),
    "warn/executable_prefix~windows.zip": Zip([Member()], prefix=b"MZ" + bytes(5000)).build(),
    "warn/split~first-part.zip.001": Zip([Member(), Member(b"b")]).build()[:60],
    "reject/conflict~split-local-name.zip": as_last_part(Zip([Member(local_name=b"evil", part=1)]).build()),
    "reject/conflict~split-directory.zip": as_last_part(Zip([Member()]).build(), directory_part=0),
    "reject/conflict~split-whole.zip": as_last_part(Zip([Member()]).build()),
    "reject/traversal~split.zip": as_last_part(Zip([Member(b"../evil", part=1)]).build()),
    "reject/through_link~absolute.tar": build_tar(TarMember(b"d", type=b"2", link=b"/tmp"), TarMember(b"d/evil")),
    "reject/through_link~absolute-in-other-case.tar": build_tar(
        TarMember(b"D", type=b"2", link=b"/tmp"), TarMember(b"d/evil")
    ),
    "reject/link_outside~network.tar": build_tar(TarMember(b"d", type=b"2", link=b"\\\\host\\share")),
}


def main() -> None:
    for name, content in RECIPES.items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(content)
    for name, command in TOOLS.items():
        (HERE / name).parent.mkdir(exist_ok=True)
        with project() as folder:
            environment = {**os.environ, "OUT": str(folder / ("out" + Path(name).name.replace("~", "-")))}
            done = subprocess.run(
                ["bash", "-euc", command], cwd=folder, env=environment, check=False, capture_output=True, text=True
            )
            if done.returncode:
                sys.stderr.write(f"{name} was not built: {done.stderr.strip()[-300:]}\n")
                continue
            shutil.copyfile(environment["OUT"], HERE / name)
    for path in HERE.glob("*/*"):
        if path.stat().st_size > MAX_BYTES:
            sys.exit(f"{path} has more than {MAX_BYTES} bytes.")


@contextmanager
def project() -> Iterator[Path]:
    """Give a new folder with a small project for each tool."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "tool/README.md", "# Tool\n\nIt does one thing.\n")
        write(folder / "tool/lib/core.py", "def run() -> None:\n    print('running')\n" * 20)
        write(folder / "tool/größe 日本.txt", "A name that is not ASCII.\n")
        write(folder / "tool/run.sh", "#!/bin/sh\nexec python3 lib/core.py\n").chmod(0o755)
        write(folder / "linked/libtool.so.1.2", "library")
        (folder / "linked/libtool.so.1").symlink_to("libtool.so.1.2")
        (folder / "linked/libtool.so").symlink_to("libtool.so.1")
        (folder / "linked/copy.so").hardlink_to(folder / "linked/libtool.so.1.2")
        write(folder / ("long/" + "folder-with-a-long-name/" * 8 + "file-" + "n" * 120 + ".txt"), "long")
        write(folder / "app/__main__.py", "print('app')\n")
        write(folder / "package/setup.py", "import setuptools\nsetuptools.setup(name='tool', version='1.0')\n")
        write(folder / "package/tool/__init__.py", "")
        write(folder / "node/package.json", '{"name": "tool", "version": "1.0.0", "main": "index.js"}\n')
        write(folder / "node/index.js", "module.exports = 1;\n")
        write(folder / "crate/Cargo.toml", '[package]\nname = "tool"\nversion = "1.0.0"\nedition = "2021"\n')
        write(folder / "crate/src/lib.rs", "pub fn run() {}\n")
        git = ["git", "-C", str(folder / "tool"), "-c", "user.name=a", "-c", "user.email=a@example.com"]
        for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "Release"]):
            subprocess.run([*git, *arguments], check=True)
        (folder / "tool/.git").rename(folder / "git")
        yield folder


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


if __name__ == "__main__":
    main()
