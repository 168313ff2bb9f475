"""Platform and architecture that the hub and the command-line client read alike from the name of a file."""

from __future__ import annotations

import pytest

from files.targets import target_in_name
from releasehub_cli.names import target_of

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tool-1.0.0-linux-x86_64.tar.gz", ("linux", "x64")),
        ("tool_1.0.0_amd64.deb", ("linux", "x64")),
        ("Tool-1.0.0-Darwin-aarch64.zip", ("macos", "arm64")),
        ("tool-win32.zip", ("windows", "x86")),
        ("Tool Setup 1.0.0.exe", ("windows", "")),
        ("tool-linux-windows.zip", ("", "")),
        ("tool-linux-x64.tar.gz.sig", ("", "")),
        ("web-linux.zip", ("linux", "")),
        ("darwinia.zip", ("", "")),
        ("app.apk", ("android", "")),
        ("hugo_1.2.3_Linux-64bit.tar.gz", ("linux", "x64")),
        ("vale_1.2.3_Windows_64-bit.zip", ("windows", "x64")),
        ("hydra_1.2.3-macOS_32bit.zip", ("macos", "x86")),
        ("git-town_windows_arm_64.zip", ("windows", "arm64")),
        ("git-town_linux_intel_64.tar.gz", ("linux", "x64")),
        ("Xray-windows-64.zip", ("windows", "x64")),
        ("Xray-linux-arm64-v8a.zip", ("linux", "arm64")),
        ("ninja-winarm64.zip", ("windows", "arm64")),
        ("mysql-9.7.2-winx64.msi", ("windows", "x64")),
        ("boltbrowser.darwin64", ("macos", "x64")),
        ("qemu-w64-setup.exe", ("windows", "x64")),
        ("tool-1.0-cp312-cp312-manylinux_2_17_aarch64.whl", ("linux", "arm64")),
        ("mas-1.2.3-arm64.pkg", ("macos", "arm64")),
        ("phrase_macosx_arm64.tar.gz", ("macos", "arm64")),
        ("esbuild-win32-arm64.tgz", ("windows", "arm64")),
        ("restic_0.17_openbsd_amd64.bz2", ("openbsd", "x64")),
        ("rclone-v1.68-netbsd-arm64.zip", ("netbsd", "arm64")),
        ("tool-wasm32-wasip1.tar.gz", ("wasip1", "wasm32")),
        ("tool-linux-s390x.tar.gz", ("linux", "s390x")),
        ("tool-linux-powerpc64le.tar.gz", ("linux", "ppc64le")),
        ("tool_1.0_ppc64el.deb", ("linux", "ppc64le")),
        ("tool-linux-loongarch64.tar.gz", ("linux", "loong64")),
        ("tool_linux_mips64le.tar.gz", ("linux", "mips64le")),
        ("native-linuxmusl-x64.tar.gz", ("linux", "x64")),
        ("App_aarch64.app.tar.gz", ("macos", "arm64")),
        ("App_amd64.AppImage.tar.gz", ("linux", "x64")),
        ("App_x64-setup.nsis.zip", ("windows", "x64")),
        ("tool-1.0-1-x86_64.pkg.tar.zst", ("linux", "x64")),
        ("Terminal_1.19.msixbundle", ("windows", "")),
        ("app-release.aab", ("android", "")),
        ("plan9-viewer-setup.exe", ("windows", "")),
        ("base64.tar.gz", ("", "")),
        ("tool-6.4.64.tar.gz", ("", "")),
        ("tool_1.0_linux_armv6.tar.gz", ("linux", "armv6")),
        ("tool_1.0_linux_amd64v3.tar.gz", ("linux", "amd64v3")),
        ("tool_1.0_armel.deb", ("linux", "armel")),
        ("gitea-1.22-linux-arm-6", ("linux", "armv6")),
        ("gitea-1.22-linux-arm-5.xz", ("linux", "armv5")),
        ("rclone-1.68-linux-arm-v7.zip", ("linux", "armv7")),
        ("tool-linux-arm-6.2.0.zip", ("linux", "armv7")),
        ("dotnet-sdk-8.0-linux-musl-arm.tar.gz", ("linux", "armv7")),
        ("tool-arm-unknown-linux-gnueabihf.tar.gz", ("linux", "armv7")),
        ("app-armeabi-v7a-release.apk", ("android", "armv7")),
        ("gcc-arm-none-eabi-10-mac.tar.bz2", ("macos", "")),
        ("robot-arm-linux.tar.gz", ("linux", "")),
        ("tool-1.0-r0.apk", ("linux", "")),
    ],
)
def test_target_is_read_from_whole_words_of_the_name(name: str, expected: tuple[str, str]) -> None:
    assert (target_in_name(name), target_of(name)) == (expected, expected)
