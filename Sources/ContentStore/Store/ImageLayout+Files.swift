internal import HostSystem
package import ImageModel

extension ImageLayout {
  /// Where a file can be written that is to become a blob: on the blobs' file system, under a name that nobody has.
  package func newFile() throws -> FilePath {
    try inStore {
      if try files.statusIfPresent(of: temporary) == nil { try prepare() }
      return temporary / FilePath(String(UInt64.random(in: 1 << 40...UInt64.max), radix: 36))
    }
  }

  /// Makes a file a blob, which it is by its bytes; it is no longer at its path then.
  /// - Precondition: it is synced, and `digest` and `size` are its own.
  package func take(_ file: FilePath, digest: Digest, size: Int) throws {
    try inStore {
      if try self.size(ofBlob: digest) == size { return try files.remove(file) }
      try files.rename(file, to: path(ofBlob: digest))
    }
  }

  /// Lets a blob be seen at a path outside of the store as well: as another name of the same file where that can be had,
  /// else as a copy. What lay there before is replaced at once.
  package func show(_ output: ArtifactOutput, at path: FilePath, mode: UInt16) throws {
    let blob = self.path(ofBlob: output.digest)
    if let shown = try files.statusIfPresent(of: path), let stored = try files.statusIfPresent(of: blob),
      shown.inode == stored.inode, shown.device == stored.device
    {
      return
    }
    let new = path.parent / temporaryName
    do {
      try files.hardLink(new, to: blob)
    } catch {
      guard error.reason != .notFound, error.reason != .noSpace else { throw error }
      // Another file system, or one without hard links.
      guard try files.copy(blob, to: new, mode: mode) == output.digest else {
        try files.remove(new)
        throw damage(output.digest)
      }
    }
    do {
      try files.rename(new, to: path)
    } catch {
      try? files.remove(new)
      throw error
    }
  }
}
