internal import ContentStore
package import HostSystem
package import ImageModel

/// The SIF files in a directory that no definition makes any more.
///
/// Only what coppice wrote counts: a sidecar of ours that names the image after which the file is called, and beside it
/// exactly the file that it describes, or none.
package struct RetiredSIFs: Sendable {
  package struct Retired: Sendable, Hashable {
    package var file: FilePath
    /// Nil when the file is gone, and only its sidecar is left.
    package var size: Int?
  }

  package private(set) var retired: [Retired] = []
  /// Beside a sidecar of ours, but not what it describes: somebody else's.
  package private(set) var foreign: [FilePath] = []

  private let files: any FileSystem

  /// - Parameter current: what definitions make.
  /// - Throws: `FileSystemError`.
  package init(in directory: FilePath, except current: Set<ArtifactID>, files: any FileSystem) throws {
    self.files = files
    let kept = Set(current.map(ConversionRecipe.fileName))
    guard try files.statusIfPresent(of: directory, followingLinks: true)?.kind == .directory else { return }
    for entry in try files.names(of: directory) where entry.kind == .regular {
      guard let name = entry.name.text, name.hasSuffix(".sif.json") else { continue }
      let file = directory / FilePath(name.dropLast(".json".count))
      guard !kept.contains(file.name.description), let sidecar = SIFSidecar(of: file, files),
        ConversionRecipe.fileName(of: sidecar.image) == file.name.description
      else { continue }
      let status = try files.statusIfPresent(of: file)
      let isOurs = try status.map { status in
        try status.kind == .regular && status.size == sidecar.sif.size && files.digest(of: file) == sidecar.sif.digest
      }
      if isOurs ?? true {
        retired.append(Retired(file: file, size: status?.size))
      } else {
        foreign.append(file)
      }
    }
  }

  /// The file goes first: what is left of a removal that was ended is seen again by its sidecar.
  package func remove() throws {
    for retired in retired {
      try files.remove(retired.file)
      try files.remove(SIFSidecar.path(of: retired.file))
    }
  }
}
