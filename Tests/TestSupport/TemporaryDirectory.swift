package import HostSystem
package import ImageModel

/// A real directory with a path free of links, removed with all in it when the object goes.
package final class TemporaryDirectory: Sendable {
  package let path: FilePath
  package let fileSystem = PosixFileSystem()

  /// - Parameter isInMemory: where nobody waits for a disk, if there is such a place: for small files that are synced again
  ///   and again.
  package init(isInMemory: Bool = false) throws {
    var random = SystemRandomNumberGenerator()
    let name = "coppice-test-" + String(random.next(), radix: 36)
    let memory: FilePath = "/dev/shm"
    let hasMemory = try isInMemory && fileSystem.statusIfPresent(of: memory, followingLinks: true)?.kind == .directory
    path = try fileSystem.resolved(hasMemory ? memory : "/tmp") / FilePath(name)
    try fileSystem.createDirectory(path)
  }

  deinit { try? fileSystem.removeTree(path) }

  package static func / (left: TemporaryDirectory, right: FilePath) -> FilePath { left.path / right }

  /// Writes a file in it, with its missing directories.
  package func write(_ name: FilePath, _ text: String, mode: UInt16 = 0o644) throws {
    try fileSystem.createDirectory((path / name).parent)
    try fileSystem.replace(path / name, with: Array(text.utf8), mode: mode)
  }

  /// The file as text.
  package func text(_ name: FilePath) throws -> String {
    String(decoding: try fileSystem.contents(of: path / name, limit: 1 << 30), as: UTF8.self)
  }
}
