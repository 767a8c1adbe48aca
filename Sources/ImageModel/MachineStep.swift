/// One thing that is done to the disk of a VM image.
package struct MachineStep: Hashable, Sendable {
  package enum Action: Hashable, Sendable {
    case copy(MachineCopy)
    case run(MachineRun)
    /// Variables of the guest from here on: for its sessions (`/etc/environment`), and for the commands of later steps.
    case environment([String: String])
    case rootfs(MachineRootFS)
    case userInstall(MachineUserInstall)
  }

  package var action: Action
  /// Where the definition says it.
  package var location: SourceLocation

  package init(_ action: Action, at location: SourceLocation) {
    self.action = action
    self.location = location
  }

  /// Files and directories of this machine that it reads, as they are written: paths of the definition's directory, or
  /// absolute ones.
  package var sources: [Located<String>] {
    switch action {
    case .copy(let copy): copy.from
    case .run(let run): if case .script(let path, _) = run.program { [path] } else { [] }
    case .userInstall(let install): [install.from]
    case .environment, .rootfs: []
    }
  }
}

/// Files and directories of this machine for the guest.
package struct MachineCopy: Hashable, Sendable {
  /// As written; a directory comes with all that is below it.
  package var from: [Located<String>]
  /// Absolute, in the guest. It ends with a slash where the sources go into it by their names; else it is what the one
  /// source is called there.
  package var to: String
  /// `NAME`, `NAME:GROUP`, or numbers; nil for root.
  package var owner: String?
  /// Of files that are copied; nil for what each one has.
  package var mode: UInt16?

  package init(from: [Located<String>], to: String, owner: String? = nil, mode: UInt16? = nil) {
    self.from = from
    self.to = to
    self.owner = owner
    self.mode = mode
  }
}

/// Something that runs in the guest, as root.
package struct MachineRun: Hashable, Sendable {
  package enum Program: Hashable, Sendable {
    /// For `/bin/sh -c`.
    case shell(String)
    /// A program of the guest with its arguments.
    case command([String])
    /// A file of this machine with its arguments.
    case script(Located<String>, [String])
  }

  package var program: Program
  /// Whether it may reach the network.
  package var usesNetwork: Bool
  /// How long it may take; no input. Nil for the driver's own limit.
  package var timeLimit: Duration?

  package init(_ program: Program, usesNetwork: Bool = false, timeLimit: Duration? = nil) {
    self.program = program
    self.usesNetwork = usesNetwork
    self.timeLimit = timeLimit
  }
}

/// The files of a docker image for the guest.
package struct MachineRootFS: Hashable, Sendable {
  /// By its id with the main tag.
  package var image: ArtifactID
  /// Which directory of the image, `/` for all; its contents go to the same place in the guest.
  package var path: String
  /// Paths of the image that stay out, with all that is below them; `*`, `?` and `[…]` as in a shell.
  package var exclude: [String]

  package init(image: ArtifactID, path: String = "/", exclude: [String] = []) {
    self.image = image
    self.path = path
    self.exclude = exclude
  }
}

/// A software that was installed on this machine, for the users of the guest.
package struct MachineUserInstall: Hashable, Sendable {
  /// The directory that holds it, as written.
  package var from: Located<String>
  /// Absolute, in the guest.
  package var to: String

  package init(from: Located<String>, to: String) {
    self.from = from
    self.to = to
  }
}
