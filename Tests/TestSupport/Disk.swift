internal import Glibc
package import HostSystem
package import ImageModel

/// The two file systems that must behave alike.
package enum DiskKind: CaseIterable, Sendable {
  case real, memory

  package func make() throws -> Disk {
    switch self {
    case .real:
      let directory = try TemporaryDirectory()
      // Longer than a tick of the kernel.
      return Disk(fileSystem: directory.fileSystem, root: directory.path, directory: directory) { usleep(12_000) }
    case .memory:
      let disk = InMemoryFileSystem()
      return Disk(fileSystem: disk, root: disk.root, directory: nil) { disk.tick() }
    }
  }
}

/// A file system with a directory to play in.
package struct Disk {
  package var fileSystem: any FileSystem
  package var root: FilePath
  /// Kept until the test is over.
  package var directory: TemporaryDirectory?
  package var tick: () -> Void

  package func path(_ name: FilePath) -> FilePath { root / name }

  package func write(_ name: FilePath, _ text: String, mode: UInt16 = 0o644) throws {
    try fileSystem.createDirectory(path(name).parent)
    try fileSystem.replace(path(name), with: Array(text.utf8), mode: mode)
  }

  package func text(_ name: FilePath) throws -> String {
    String(decoding: try fileSystem.contents(of: path(name), limit: 1 << 20), as: UTF8.self)
  }

  package func status(_ name: FilePath) throws -> FileStatus {
    try fileSystem.status(of: path(name), followingLinks: false)
  }

  package func names(_ name: FilePath = ".") throws -> [FilePath] {
    try fileSystem.entries(of: path(name)).map(\.name)
  }

  /// Why `body` fails; nil when it does not.
  package func reason(_ body: () throws -> Void) -> FileSystemError.Reason? {
    do {
      try body()
      return nil
    } catch {
      return (error as? FileSystemError)?.reason
    }
  }
}
