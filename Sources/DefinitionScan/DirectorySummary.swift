internal import HostSystem
internal import ImageModel

/// What the walk needs of one directory.
struct DirectorySummary: Sendable {
  private static let definition = FilePath(DefinitionFile.name)
  private static let machine = FilePath(MachineDefinition.name)
  private static let dockerfiles: [FilePath] = ["Dockerfile", "Dockerfile.template"]

  /// Of the directory, before it was listed.
  var stamp: FileStamp
  var isDefinition = false
  /// Whether there is a definition of VM images.
  var isMachine = false
  /// A Dockerfile, or what it is rendered from.
  var dockerfile: FilePath?
  /// The names of its directories, hidden ones left out.
  var inner: [FilePath] = []

  init(stamp: FileStamp, isDefinition: Bool, isMachine: Bool, dockerfile: FilePath?, inner: [FilePath]) {
    (self.stamp, self.isDefinition, self.isMachine) = (stamp, isDefinition, isMachine)
    (self.dockerfile, self.inner) = (dockerfile, inner)
  }

  init(listing directory: FilePath, in files: any FileSystem) throws(FileSystemError) {
    stamp = FileStamp(try files.status(of: directory, followingLinks: true))
    for entry in try files.names(of: directory) {
      if entry.kind == .directory {
        if entry.name.bytes.first != UInt8(ascii: ".") { inner.append(entry.name) }
      } else if entry.name == Self.definition {
        isDefinition = true
      } else if entry.name == Self.machine {
        isMachine = true
      } else if Self.dockerfiles.contains(entry.name) {
        dockerfile = entry.name
      }
    }
  }
}
