"""Packages, installers and images of operating systems, containers and virtual machines."""

from __future__ import annotations

import struct
import zlib

from tests.data.artifacts.building import (
    ELF,
    MZ,
    OLE,
    SQUASHFS,
    Artifact,
    ar,
    cpio,
    folder,
    gz,
    hardlink,
    plain,
    streamed_member,
    symlink,
    tar,
    warned,
    xz,
    zipped_link,
    zstd,
)
from tests.files.inspection.archive_recipes import (
    UTF8_FLAG,
    Member,
    TarMember,
    Zip,
    extra_field,
    streamed,
    tar_by_library,
    zip_by_library,
)


def rootfs() -> bytes:
    return tar(
        *(folder("./"), folder("./bin/"), plain("./bin/busybox", ELF, 0o4755), symlink("./bin/sh", "/bin/busybox")),
        *(hardlink("./bin/ls", "./bin/busybox"), folder("./dev/"), TarMember(b"./dev/console", type=b"3", mode=0o600)),
        *(symlink("./etc/mtab", "../proc/self/mounts"), symlink("./var/run", "/run")),
        plain("./lib/systemd/system/system-systemd\\x2dcryptsetup.slice"),
        plain("./usr/share/man/man3/File::Spec.3pm"),
    )


def kernel_headers() -> dict[str, bytes]:
    base = "linux-headers/include/uapi/linux/netfilter/"
    names = [f"{base}xt_TCPMSS.h", f"{base}xt_tcpmss.h", "linux-headers/drivers/i2c/aux.c"]
    return dict.fromkeys(names, b"#pragma once\n")


def alpine_apk() -> bytes:
    """Return three gzip streams in a row, of which only the last one ends the archive."""
    signature = tar(plain(".SIGN.RSA.builder.rsa.pub"), end=b"")
    control, data = tar(plain(".PKGINFO"), end=b""), tar(plain("usr/bin/tool", ELF, 0o755))
    return b"".join(gz(part) for part in (signature, control, data))


def deb() -> bytes:
    control, data = tar(folder("./"), plain("./control")), tar(folder("./"), plain("./usr/bin/tool", ELF, 0o755))
    return ar(("debian-binary", b"2.0\n"), ("control.tar.xz", xz(control)), ("data.tar.zst", zstd(data)))


def rpm() -> bytes:
    lead = b"\xed\xab\xee\xdb\x03\0\0\0\0\x01" + b"tool-1.0-1".ljust(66, b"\0") + b"\0\x01\0\x05" + bytes(16)
    header = b"\x8e\xad\xe8\x01" + bytes(12)
    return lead + header + bytes(4) + header + gz(cpio("./usr/bin/tool"))


def nupkg() -> bytes:
    names = ["_rels/.rels", "Tool.nuspec", "lib/net8.0/Tool%20Kit%2Bx.dll", "[Content_Types].xml"]
    names.append("package/services/metadata/core-properties/0a1b.psmdcp")
    return zip_by_library(dict.fromkeys(names, b"x"))


def msix() -> bytes:
    """Return a package in which every member is streamed with sizes of 64 bits, as MakeAppx writes it."""
    members = []
    for name in (b"App.exe", b"AppxManifest.xml", b"AppxBlockMap.xml", b"[Content_Types].xml"):
        member = streamed(name=name)
        member.flags |= UTF8_FLAG
        member.descriptor = struct.pack("<4sL2Q", b"PK\x07\x08", *member.sizes())
        _, packed, size = member.sizes()
        member.extra = extra_field(1, struct.pack("<2Q", size, packed))
        member.size = member.packed = 0xFFFFFFFF
        members.append(member)
    return Zip(members, has_zip64_end=True).build()


def docker_save() -> bytes:
    """Return an image as `docker save` wrote it for years, with links between layers."""
    layer = tar(folder("etc/"), plain("etc/.wh.passwd", b""), TarMember(b"dev/null", type=b"3"))
    return tar(
        *(folder("aa/"), plain("aa/VERSION", b"1.0"), plain("aa/layer.tar", layer)),
        *(folder("bb/"), symlink("bb/layer.tar", "../aa/layer.tar")),
        *(plain("manifest.json", b"[]"), plain("repositories", b"{}")),
    )


def oci_layout() -> bytes:
    blob = gz(tar(plain("a")))
    return tar(folder("blobs/"), folder("blobs/sha256/"), plain("blobs/sha256/" + "ab" * 32, blob), plain("index.json"))


def framework() -> bytes:
    """Return a framework of macOS, which consists of links to its current version."""
    base = "Tool.xcframework/macos-arm64_x86_64/Tool.framework"
    return Zip(
        [
            Member(f"{base}/Versions/A/Tool".encode(), b"\xcf\xfa\xed\xfe" + bytes(28), mode=0o100755),
            *(zipped_link(f"{base}/Versions/Current", "A"), zipped_link(f"{base}/Tool", "Versions/Current/Tool")),
        ]
    ).build()


def finder_zip() -> bytes:
    """Return what the Finder compresses: streamed, with resource forks, decomposed names and a custom folder icon."""
    names = ["Tool.app/Contents/Info.plist", "__MACOSX/Tool.app/Contents/._Info.plist", "Tool.app/gro\u0308\u00dfe.txt"]
    names += ["Tool.app/Icon\r", "__MACOSX/Tool.app/._Icon\r"]
    return Zip([streamed_member(name) for name in names]).build()


def mac_tar() -> bytes:
    """Return what `tar` of macOS writes: resource forks as members of their own, and extended attributes."""
    pax = {
        "LIBARCHIVE.creationtime": b"1767225600",
        "SCHILY.xattr.com.apple.quarantine": b"0081;\0\xff;",
        "mtime": b"1.5",
    }
    return tar(plain("./._Tool"), TarMember(b"./Tool", pax=pax), TarMember(b"./Icon\r"))


def windows_zip() -> bytes:
    """Return what older .NET programs write: backslashes between folders."""
    return Zip([Member(b"bin\\"), Member(b"bin\\tool.exe", MZ), Member(b"docs\\man\\tool.txt")]).build()


def disk_image_zip() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = bytes(1 << 20)
    data = b"".join(packer.compress(piece) for _ in range(70)) + packer.flush()
    return Zip([Member(b"sdcard.img", data=data, content=b"", size=70 << 20, crc=zero_crc(70 << 20))]).build()


def zero_crc(count: int) -> int:
    crc = 0
    for _ in range(count >> 20):
        crc = zlib.crc32(bytes(1 << 20), crc)
    return crc


def makeself() -> bytes:
    script = b'#!/bin/sh\n# This script was generated using Makeself\nlabel="Tool"\n' + b"#\n" * 200
    return script + gz(tar(plain("./install.sh")))


def signed_installer() -> bytes:
    """Return a program that unpacks itself, with the signature of Windows behind the archive."""
    archive = Zip([Member(b"tool.exe")], prefix=MZ).build()
    return archive + bytes(-len(archive) % 8) + struct.pack("<L2H", 16, 0x200, 2) + bytes(8)


def iso() -> bytes:
    return bytes(32768) + b"\x01CD001\x01\0" + bytes(2040)


def ova() -> bytes:
    return tar(plain("vm.ovf", b"<Envelope/>"), plain("vm.mf"), plain("vm-disk1.vmdk", b"KDMV" + bytes(508)))


def arch_package() -> bytes:
    return zstd(tar(plain(".PKGINFO"), plain(".MTREE", gz(b"#mtree")), plain("usr/bin/tool")))


def initramfs() -> bytes:
    """Return microcode followed by a packed archive, as Linux reads it."""
    return cpio("kernel/x86/microcode/GenuineIntel.bin") + gz(cpio("init", "bin/sh"))


def appimage() -> bytes:
    return ELF[:8] + b"AI\x02" + ELF[11:] + SQUASHFS


SYSTEMS: dict[str, Artifact] = {
    # Linux systems and packages
    "rootfs.tar.gz": warned(lambda: gz(rootfs()), "absolute_link", "device", "setuid"),
    "rootfs.tar.xz": warned(lambda: xz(rootfs()), "absolute_link", "device", "setuid"),
    "tool-1.0.tar.gz": warned(
        lambda: gz(tar(plain("tool/configure"), symlink("tool/compile", "/usr/share/automake/compile"))),
        "absolute_link",
    ),
    "linux-headers.tar.xz": Artifact(lambda: xz(tar_by_library(kernel_headers()))),
    "linux-headers.zip": warned(lambda: zip_by_library(kernel_headers()), "similar_names"),
    "tool_1.0_amd64.deb": Artifact(deb),
    "automake_1%3a1.16.5_all.deb": Artifact(deb),
    "tool-1.0-1.x86_64.rpm": Artifact(rpm),
    "tool-1.0-r0.apk": Artifact(alpine_apk),
    "tool-1.0-1-x86_64.pkg.tar.zst": Artifact(arch_package),
    "tool_1.0_mips.ipk": Artifact(lambda: gz(tar(plain("./debian-binary"), plain("./data.tar.gz")))),
    "Tool-x86_64.AppImage": Artifact(appimage),
    "tool.snap": Artifact(lambda: SQUASHFS + bytes(4000)),
    "tool.squashfs": Artifact(lambda: SQUASHFS),
    "tool.flatpak": Artifact(lambda: b"flatpak\0" + bytes(100)),
    "tool-installer.run": Artifact(makeself),
    "initramfs.img": Artifact(initramfs),
    "tool.cpio.gz": Artifact(lambda: gz(cpio("usr/bin/tool"))),
    # Windows, macOS
    "setup.exe": Artifact(lambda: MZ + bytes(1000)),
    "setup-signed.exe": Artifact(signed_installer),
    "self-extracting.zip": warned(lambda: Zip([Member(b"a")], prefix=MZ).build(), "executable_prefix"),
    "tool.msi": Artifact(lambda: OLE),
    "tool.cab": Artifact(lambda: b"MSCF" + bytes(60)),
    "Tool.msix": Artifact(msix),
    "Tool.1.0.0.nupkg": Artifact(nupkg),
    "dotnet.zip": Artifact(windows_zip),
    "Tool.dmg": Artifact(lambda: bytes(1024) + b"koly" + bytes(508)),
    "Tool.pkg": Artifact(lambda: b"xar!\0\x1c\0\x01" + bytes(20)),
    "Tool.xcframework.zip": Artifact(framework),
    "Tool.app.zip": Artifact(finder_zip),
    "mac.tar.gz": Artifact(lambda: gz(mac_tar())),
    "universal.dylib": Artifact(lambda: b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(40)),
    # Containers and virtual machines
    "image.tar": Artifact(docker_save),
    "oci.tar": Artifact(oci_layout),
    "vm.ova": Artifact(ova),
    "vm.qcow2": Artifact(lambda: b"QFI\xfb" + bytes(100)),
    "live.iso": Artifact(iso),
    "system.simg": Artifact(lambda: b"\x3a\xff\x26\xed\x01\0\0\0" + bytes(20)),
    "sdcard.img.xz": Artifact(lambda: xz(bytes(4096))),
    "sdcard.img.zip": warned(disk_image_zip, "bomb"),
    "firmware.bin": Artifact(lambda: b"\xff" * 4096),
    "firmware.uf2": Artifact(lambda: b"UF2\n\x57\x51\x5d\x9e" + bytes(504)),
}
