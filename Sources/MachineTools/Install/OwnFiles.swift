internal import ImageModel

/// What a machine keeps for its own when the whole of an image's root is laid over it.
enum OwnFiles {
  private static let patterns: [PathPattern] =
    [
      // Made by the kernel, or by a running system.
      "/dev/*", "/proc/*", "/sys/*", "/run/*", "/tmp/*", "/lost+found", "/var/log/*", "/var/tmp/*",
      // How it boots.
      "/boot", "/vmlinuz*", "/initrd.img*", "/lib/modules", "/usr/lib/modules", "/etc/fstab", "/etc/crypttab",
      "/etc/mtab", "/etc/default/grub*", "/etc/grub.d", "/etc/initramfs-tools", "/etc/modules", "/etc/modules-load.d",
      "/etc/kernel", "/etc/kernel-img.conf", "/etc/inittab",
      // Who it is.
      "/etc/hostname", "/etc/hosts", "/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/ssh/ssh_host_*",
      "/var/lib/systemd/random-seed",
      // Its network.
      "/etc/resolv.conf", "/etc/network", "/etc/netplan", "/etc/systemd/network", "/etc/NetworkManager",
      // Its people; the four files of accounts are merged.
      "/etc/passwd*", "/etc/group*", "/etc/shadow*", "/etc/gshadow*", "/etc/subuid*", "/etc/subgid*", "/etc/.pwd.lock",
      "/etc/sudoers", "/etc/login.defs", "/etc/shells", "/etc/securetty", "/etc/pam.d", "/etc/pam.conf",
      "/etc/security",
      "/etc/nsswitch.conf", "/etc/environment",
      // How it speaks to them.
      "/etc/default/keyboard", "/etc/default/console-setup", "/etc/default/locale", "/etc/locale.gen",
      "/etc/locale.conf", "/etc/timezone", "/etc/localtime", "/usr/lib/locale/locale-archive",
      // Of containers alone: nothing would start, and packages would lose their documents.
      "/.dockerenv", "/.singularity.d", "/usr/sbin/policy-rc.d", "/sbin/initctl", "/etc/apt/apt.conf.d/docker-*",
      "/etc/dpkg/dpkg.cfg.d/docker*", "/etc/dpkg/dpkg.cfg.d/excludes",
      // dpkg: what it knows is merged; who works on it, and what it knew before, is nobody's.
      "/var/lib/dpkg/status*", "/var/lib/dpkg/available*", "/var/lib/dpkg/lock*", "/var/lib/dpkg/*-old",
      "/var/lib/dpkg/diversions", "/var/lib/dpkg/statoverride", "/var/lib/dpkg/triggers/File",
      "/var/lib/dpkg/triggers/Lock", "/var/lib/dpkg/updates/*", "/var/cache/debconf", "/var/cache/ldconfig",
      "/etc/ld.so.cache",
    ].map(PathPattern.init)

  static func covers(_ path: [[UInt8]]) -> Bool { patterns.contains { $0.covers(path) } }
}
