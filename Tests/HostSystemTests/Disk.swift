import Glibc
import HostSystem
import ImageModel
import TestSupport

/// The two file systems that must behave alike.
enum DiskKind: CaseIterable, Sendable {
  case real, memory

  func make() throws -> Disk {
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
struct Disk {
  var fileSystem: any FileSystem
  var root: FilePath
  /// Kept until the test is over.
  var directory: TemporaryDirectory?
  var tick: () -> Void

  func path(_ name: FilePath) -> FilePath { root / name }

  func write(_ name: FilePath, _ text: String, mode: UInt16 = 0o644) throws {
    try fileSystem.createDirectory(path(name).parent)
    try fileSystem.replace(path(name), with: Array(text.utf8), mode: mode)
  }

  func text(_ name: FilePath) throws -> String {
    String(decoding: try fileSystem.contents(of: path(name), limit: 1 << 20), as: UTF8.self)
  }

  func status(_ name: FilePath) throws -> FileStatus {
    try fileSystem.status(of: path(name), followingLinks: false)
  }

  func names(_ name: FilePath = ".") throws -> [FilePath] {
    try fileSystem.entries(of: path(name)).map(\.name)
  }

  /// Why `body` fails; nil when it does not.
  func reason(_ body: () throws -> Void) -> FileSystemError.Reason? {
    do {
      try body()
      return nil
    } catch {
      return (error as? FileSystemError)?.reason
    }
  }
}
