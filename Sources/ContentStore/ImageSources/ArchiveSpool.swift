package import HostSystem
package import ImageModel

/// Keeps what comes in one order and is needed in another, in a file without a name.
package struct ArchiveSpool: Sendable {
  package let directory: FilePath
  private let files: any FileSystem
  private let reserve: Int

  /// - Parameter reserve: bytes of the disk that are left to others.
  package init(in directory: FilePath, files: any FileSystem, reserve: Int = 256 << 20) {
    (self.directory, self.files, self.reserve) = (directory, files, reserve)
  }

  /// - Parameter expected: bytes, for which there must be room.
  /// - Throws: `Failure` when there is none.
  package func check(_ expected: Int) throws {
    let free = try files.freeSpace(at: directory)
    guard free < expected else { return }
    throw Failure(
      "\(directory) has \(ByteCount(free)) left, and the archive of the image takes about \(ByteCount(expected))",
      help: "free some space, or name another directory in TMPDIR")
  }

  /// - Throws: `Failure` before the disk is full: what comes may be without end, and others write there too.
  package func keep(_ reader: any ByteReader) throws -> any RandomAccessFile {
    let file = try files.createUnnamed(in: directory)
    defer { file.discard() }
    var unchecked = 0
    try reader.forEachPiece { piece in
      try file.write(piece)
      unchecked += piece.count
      guard unchecked >= reserve / 4 else { return }
      unchecked = 0
      guard try files.freeSpace(at: directory) < reserve else { return }
      throw Failure(
        "\(directory) is nearly full: the archive of the image is not kept",
        help: "free some space, or name another directory in TMPDIR")
    }
    return try file.reader()
  }
}

extension ImageArchive {
  /// Opens an archive of a person, which may be compressed as a whole.
  package init(_ path: FilePath, files: any FileSystem, spool: ArchiveSpool) throws {
    let file = try files.openAnywhere(path)
    let name = "image archive \(path)"
    let bytes = BufferedReader(FileRangeReader(file, 0..<file.size))
    switch LayerCompression(magic: try bytes.peek(LayerCompression.magicSize)) {
    case nil: throw Failure("\(name) is no tar archive", help: "make it with `docker save` or `skopeo copy`")
    case LayerCompression.none?: try self.init(file, name: name)
    case let compression?:
      try spool.check(file.size)
      try self.init(try spool.keep(try compression.decompressed(bytes, name: name)), name: name)
    }
  }
}
