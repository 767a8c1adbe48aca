/// A system made from packages of Debian or Ubuntu: it boots from a BIOS, on one ext4 file system.
package struct MachineSystem: Hashable, Sendable {
  package enum BootLoader: String, Sendable, Hashable, CaseIterable { case extlinux, grub }

  /// `bookworm`
  package var suite: String
  /// Beside those that the machine needs to boot, in the order of the definition.
  package var packages: [String] = []
  /// Where packages come from; nil for where this machine has its own from.
  package var mirror: String?
  /// `main`, `contrib` …
  package var components = ["main"]
  package var hostname: String
  /// Who works at the machine; nil for root alone.
  package var user: MachineUser?
  package var rootPassword = MachinePassword.locked
  package var locale = "en_US.UTF-8"
  package var keyboard = "us"
  package var timezone = "Etc/UTC"
  package var bootLoader = BootLoader.extlinux
  /// VirtualBox's guest additions, where their packages can be had.
  package var hasGuestAdditions = true

  package init(suite: String, hostname: String) {
    self.suite = suite
    self.hostname = hostname
  }
}

/// The person whom a system knows.
package struct MachineUser: Hashable, Sendable {
  package var name: String
  package var password = MachinePassword.locked
  /// Whether the machine begins with a session of this user.
  package var logsInAutomatically = false
  /// Whether `sudo` asks for no password.
  package var isAdministrator = false

  package init(name: String) { self.name = name }
}

/// How an account of a system can be entered; never in an argument list, never in a log.
package enum MachinePassword: Hashable, Sendable {
  /// With no password at all.
  case locked
  /// With one that stands in the definition, where everybody reads it.
  case known(String)
  /// With one that the machine that builds has in a variable or a file; it is no input.
  case secret(BuildSecret.Source)
}
