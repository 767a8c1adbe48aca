internal import ImageModel

/// How a system of packages becomes that of its definition: texts for shells, at two times.
struct SystemSetup: Sendable {
  let system: MachineSystem
  /// Of the root's file system.
  let identity: String

  /// What a machine needs to boot, beside its kernel.
  private static let needed = [
    "systemd-sysv", "udev", "iproute2", "ifupdown", "isc-dhcp-client", "kmod", "e2fsprogs", "tar", "fdisk", "locales",
    "ca-certificates",
  ]

  /// Names without a kernel of their own get the one of the distribution.
  var packages: [String] {
    var packages = Self.needed
    if !system.packages.contains(where: { $0.hasPrefix("linux-image") }) { packages.append("linux-image-amd64") }
    packages += system.bootLoader == .grub ? ["grub-pc"] : ["extlinux", "syslinux-common"]
    if system.user?.isAdministrator == true { packages.append("sudo") }
    if system.keyboard != "us" { packages += ["console-setup", "keyboard-configuration"] }
    return (packages + system.packages).reduce(into: []) { found, name in
      if !found.contains(name) { found.append(name) }
    }
  }

  /// For mmdebstrap when all packages are there: its directory is the first argument. Nothing secret is in it.
  var hook: String {
    let host = Shell.quoted(system.hostname)
    var lines = [
      "set -eu", "root=$1", #"put() { cat > "$root$1"; chmod "$2" "$root$1"; }"#,
      #"run() { chroot "$root" env LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }"#,
      #"printf '%s\n' \#(host) | put /etc/hostname 644"#,
      #"printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n::1\tlocalhost ip6-localhost ip6-loopback\n' \#(host) | put /etc/hosts 644"#,
      #"printf 'UUID=%s / ext4 errors=remount-ro 0 1\n' \#(identity) | put /etc/fstab 644"#,
      #"mkdir -p "$root/etc/network/interfaces.d""#,
      #"printf 'auto lo\niface lo inet loopback\n\nauto eth0\nallow-hotplug eth0\niface eth0 inet dhcp\n' | put /etc/network/interfaces 644"#,
    ]
    lines += locale + keyboard + people
    if system.hasGuestAdditions {
      lines.append(
        """
        if run apt-cache show virtualbox-guest-utils >/dev/null 2>&1; then
          run apt-get install -y --no-install-recommends virtualbox-guest-utils
        else
          echo 'note: no package virtualbox-guest-utils in this suite: no guest additions'
        fi
        """)
    }
    // What belongs to this machine, or to this build.
    lines += [
      #"rm -f "$root/etc/resolv.conf" "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root/var/lib/dbus/machine-id""#,
      #": | put /etc/machine-id 444"#, #"rm -rf "$root/var/lib/apt/lists" "$root/var/cache/apt/archives""#,
      #"mkdir -p "$root/var/lib/apt/lists/partial" "$root/var/cache/apt/archives/partial""#,
      #"find "$root/var/log" -type f -exec sh -c ': > "$1"' sh {} ';'"#,
    ]
    return lines.joined(separator: "\n")
  }

  private var locale: [String] {
    let name = Shell.quoted(system.locale)
    let zone = Shell.quoted(system.timezone)
    let charset = system.locale.split(separator: ".").dropFirst().first.map(String.init) ?? "ISO-8859-1"
    var lines = [
      #"ln -sf /usr/share/zoneinfo/\#(zone) "$root/etc/localtime"; printf '%s\n' \#(zone) | put /etc/timezone 644"#,
      #"printf 'LANG=%s\n' \#(name) | put /etc/default/locale 644"#,
    ]
    // These are there without being made.
    if !["C", "POSIX", "C.UTF-8"].contains(system.locale) {
      lines.append(#"printf '%s %s\n' \#(name) \#(Shell.quoted(charset)) > "$root/etc/locale.gen"; run locale-gen"#)
    }
    return lines
  }

  private var keyboard: [String] {
    let layout = Shell.quoted(system.keyboard)
    return [
      #"printf 'XKBMODEL="pc105"\nXKBLAYOUT="%s"\nXKBVARIANT=""\nXKBOPTIONS=""\nBACKSPACE="guess"\n' \#(layout) | put /etc/default/keyboard 644"#
    ]
  }

  private var people: [String] {
    guard let user = system.user else { return [] }
    let name = Shell.quoted(user.name)
    var lines = [
      #"run useradd --create-home --shell /bin/bash --comment '' \#(name)"#,
      """
      for group in audio video plugdev cdrom dialout netdev vboxsf; do
        if run getent group "$group" >/dev/null; then run usermod -a -G "$group" \(name); fi
      done
      """,
    ]
    if user.isAdministrator {
      lines.append(#"printf '%s ALL=(ALL:ALL) NOPASSWD: ALL\n' \#(name) | put /etc/sudoers.d/90-user 440"#)
    }
    if user.logsInAutomatically {
      lines.append(
        #"""
        mkdir -p "$root/etc/systemd/system/getty@tty1.service.d"
        printf '[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin %s --noclear %%I $TERM\n' \#(name) |
          put /etc/systemd/system/getty@tty1.service.d/autologin.conf 644
        if [ -d "$root/etc/lightdm" ]; then
          mkdir -p "$root/etc/lightdm/lightdm.conf.d"
          printf '[Seat:*]\nautologin-user=%s\n' \#(name) | put /etc/lightdm/lightdm.conf.d/50-autologin.conf 644
        fi
        """#)
    }
    return lines
  }

  /// For the guest's first boot: what only a running kernel can do, and what nobody else may see.
  /// - Parameter passwords: crypted, by account; nil for one that has none.
  func firstBoot(passwords: [(account: String, crypted: String?)]) -> String {
    var lines = ["set -e", "disk=$(readlink -f /dev/disk/by-id/virtio-\(GuestScript.rootDisk))"]
    for (account, crypted) in passwords {
      let name = Shell.quoted(account)
      if let crypted {
        lines.append("printf '%s:%s\\n' \(name) \(Shell.quoted(crypted)) | chpasswd -e")
      } else {
        lines.append("usermod -p '!' \(name)")
      }
    }
    let line = "net.ifnames=0 console=ttyS0 console=tty0"
    switch system.bootLoader {
    case .grub:
      lines += [
        "sed -i -e 's/^GRUB_CMDLINE_LINUX=.*/GRUB_CMDLINE_LINUX=\"\(line)\"/' -e 's/^GRUB_TIMEOUT=.*/GRUB_TIMEOUT=1/' "
          + "/etc/default/grub",
        "grub-install --target=i386-pc \"$disk\"", "update-grub",
      ]
    case .extlinux:
      lines += [
        "mkdir -p /boot/extlinux",
        """
        cat > /boot/extlinux/extlinux.conf <<'END'
        default linux
        prompt 0
        timeout 1
        label linux
          kernel /vmlinuz
          initrd /initrd.img
          append root=UUID=\(identity) ro quiet \(line)
        END
        """,
        "extlinux --install /boot/extlinux",
        // Debian has it in one of two places.
        "for code in /usr/lib/EXTLINUX/mbr.bin /usr/lib/syslinux/mbr/mbr.bin; do [ -e \"$code\" ] && break; done",
        "dd if=\"$code\" of=\"$disk\" bs=440 count=1 conv=notrunc,fsync 2>/dev/null",
      ]
    }
    return lines.joined(separator: "\n")
  }
}
