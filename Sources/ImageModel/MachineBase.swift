/// What a VM image begins with.
package enum MachineBase: Hashable, Sendable {
  /// Another VM image of the tree, by its id with the main tag.
  case machine(ArtifactID)
  /// A disk, or a machine, from outside.
  case disk(MachineFile, MachineDiskFormat)
  /// Made from packages of a distribution, without anybody at a keyboard.
  case system(MachineSystem)
  /// Installed from a medium that finds its answers in a file.
  case installer(MachineInstaller)

  /// The large files from outside that it is made of.
  package var files: [MachineFile] {
    switch self {
    case .disk(let file, _): [file]
    case .installer(let installer): [installer.medium]
    case .machine, .system: []
    }
  }
}

/// A large file that no definition makes.
package struct MachineFile: Hashable, Sendable {
  package enum Place: Hashable, Sendable {
    /// As it is written, relative to the definition's directory or absolute; it is hashed like a file of a step.
    case path(String)
    /// Fetched once, and kept by its digest.
    case url(String)
  }

  package var place: Place
  /// What it must be; always there for a URL.
  package var digest: Digest?
  /// Where the definition names it.
  package var location: SourceLocation

  package init(_ place: Place, digest: Digest?, location: SourceLocation) {
    self.place = place
    self.digest = digest
    self.location = location
  }

  /// As it was written.
  package var text: String {
    switch place {
    case .path(let text), .url(let text): text
    }
  }
}

/// In which form a base comes.
package enum MachineDiskFormat: String, Sendable, Hashable, CaseIterable {
  case vdi, ova, vmdk, qcow2, raw
}

/// A medium with an installer, and the answers to its questions.
package struct MachineInstaller: Hashable, Sendable {
  /// Whose language the answers are in.
  package enum Dialect: String, Sendable, Hashable, CaseIterable {
    /// Of debian-installer.
    case preseed
    /// Of Ubuntu's subiquity.
    case autoinstall
  }

  package var medium: MachineFile
  package var dialect: Dialect
  /// The file with the answers, as a path of the definition's directory.
  package var answers: String

  package init(medium: MachineFile, dialect: Dialect, answers: String) {
    self.medium = medium
    self.dialect = dialect
    self.answers = answers
  }
}
