internal import ContentStore
package import HostSystem
package import ImageModel
internal import JSONText

/// The SIF files and VM images in a directory that no definition makes any more.
///
/// Only what coppice wrote counts: a sidecar of ours that names the artifact after which the file is called, and beside it
/// exactly the file that it describes, or none.
package struct RetiredImages: Sendable {
  package struct Retired: Sendable, Hashable {
    package var file: FilePath
    /// Nil when the file is gone, and only its sidecar is left.
    package var size: Int?
  }

  package private(set) var retired: [Retired] = []
  /// Beside a sidecar of ours, but not what it describes: somebody else's.
  package private(set) var foreign: [FilePath] = []

  private let files: any FileSystem

  /// - Parameter kept: the names of files that definitions make.
  /// - Throws: `FileSystemError`.
  package init(in directory: FilePath, except kept: Set<String>, files: any FileSystem) throws {
    self.files = files
    guard try files.statusIfPresent(of: directory, followingLinks: true)?.kind == .directory else { return }
    for entry in try files.names(of: directory) where entry.kind == .regular {
      guard let name = entry.name.text, name.hasSuffix(".json") else { continue }
      let file = directory / FilePath(name.dropLast(".json".count))
      guard !kept.contains(file.name.description), let made = made(file) else { continue }
      let status = try files.statusIfPresent(of: file)
      let isOurs = try status.map { status in
        try status.kind == .regular && status.size == made.size && files.digest(of: file) == made.digest
      }
      if isOurs ?? true {
        retired.append(Retired(file: file, size: status?.size))
      } else {
        foreign.append(file)
      }
    }
  }

  /// What was written as a file, if its sidecar is ours.
  private func made(_ file: FilePath) -> (digest: Digest, size: Int)? {
    if let sidecar = SIFSidecar(of: file, files) {
      guard ConversionRecipe.fileName(of: sidecar.image) == file.name.description else { return nil }
      return (sidecar.sif.digest, sidecar.sif.size)
    }
    guard let bytes = try? files.contents(of: SIFSidecar.path(of: file), limit: 1 << 20),
      let document = try? JSONValue(parsing: bytes),
      let id = document["origin"]?.string.flatMap({ ArtifactID($0) }), id.kind == .vbox,
      MachineFormat.allCases.contains(where: { MachineRecipe.fileName(of: id, $0) == file.name.description }),
      document["fingerprint"]?.string.flatMap({ Digest($0) }) != nil,
      let digest = document["sha256"]?.string.flatMap({ Digest(hex: $0) }), let size = document["size"]?.integer
    else { return nil }
    return (digest, size)
  }

  /// The file goes first: what is left of a removal that was ended is seen again by its sidecar.
  package func remove() throws {
    for retired in retired {
      try files.remove(retired.file)
      let sum = FilePath(bytes: retired.file.bytes + Array(".md5".utf8))
      let isMachine = MachineFormat.allCases.contains { retired.file.description.hasSuffix(".\($0.rawValue)") }
      if isMachine, try files.statusIfPresent(of: sum) != nil { try files.remove(sum) }
      try files.remove(SIFSidecar.path(of: retired.file))
    }
  }
}
