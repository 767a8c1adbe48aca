package import ImageModel

/// Where definitions are looked for, in order: at the same relative path the earlier wins.
package struct SearchPath: Sendable, Hashable {
  package struct Root: Sendable, Hashable {
    /// A `share` directory, absolute; need not exist.
    package var share: FilePath
    package var origin: DefinitionSource.Origin

    package var docker: FilePath { share / "docker" }
    package var vbox: FilePath { share / "vbox" }
  }

  package let roots: [Root]

  /// Where definitions of VM images lie, seen from those of docker images: so their paths are no other's.
  package static let machines: FilePath = "../vbox"

  /// - Parameter builtin: the builtin share, nil for none. All paths are absolute.
  package init(repository: FilePath?, home: FilePath?, builtin: FilePath?) {
    var candidates: [Root] = []
    if let repository { candidates.append(Root(share: repository / "share", origin: .repository)) }
    if let home {
      candidates.append(Root(share: home / ".config/casa-distro", origin: .user))
      candidates.append(Root(share: home / ".casa-distro", origin: .user))
    }
    if let builtin { candidates.append(Root(share: builtin, origin: .builtin)) }
    var seen = Set<FilePath>()
    // The repository of coppice itself has the builtin share as its own.
    roots = candidates.filter { seen.insert($0.share.normalized).inserted }
  }

  /// The builtin share: what COPPICE_BUILTIN says (`none` for none), else the installed one.
  package static func builtin(
    environmentValue value: String?, installed: FilePath?, currentDirectory: FilePath
  ) -> FilePath? {
    guard let value, !value.isEmpty else { return installed }
    return value == "none" ? nil : currentDirectory.appending(FilePath(value)).normalized
  }
}
