package import HostSystem
package import ImageModel

/// Something small that stands in a SIF before its file system.
package struct SIFObject: Sendable, Hashable {
  package var type: SIFDataType
  package var name: String
  package var bytes: [UInt8]

  package init(_ type: SIFDataType, name: String = "", _ bytes: [UInt8]) {
    self.type = type
    self.name = name
    self.bytes = bytes
  }
}

/// A SIF that was written.
package struct WrittenSIF: Sendable, Hashable {
  /// Of the file.
  package var digest: Digest
  package var size: Int
  /// Of the file, where it was asked for.
  package var md5: String?

  package init(digest: Digest, size: Int, md5: String? = nil) {
    (self.digest, self.size, self.md5) = (digest, size, md5)
  }
}

/// Writes a SIF whose bytes depend on what it holds alone: no time, no identity, no name of its own.
///
/// The squashfs comes as it is made: `write` what follows, `overwrite` its first bytes, once its size is known. Nothing
/// shows under the file's name before `finish`, which reads all of it again.
package final class SIFWriter {
  /// Slots in the table, those for later objects included: as many as Apptainer's files have.
  private static let slots = 48
  private static let tableOffset = 4096
  private static let dataOffset = tableOffset + slots * SIFDescriptor.size
  private static let alignment = 4096
  /// So many bytes of the file system can be written over.
  package static let headSize = 4096

  private let path: FilePath
  private let file: any PendingFile
  private let architecture: SIFArchitecture
  private var descriptors: [SIFDescriptor] = []
  /// Everything up to the end of the file system's head, as it will be at last.
  private var front: [UInt8]
  /// What was written of the file system behind its head, one after the other.
  private var pieces: [Piece] = []
  private var tailSize = 0

  private struct Piece: Sendable {
    let count: Int
    let digest: Digest
    /// What it means when the file does not have it; nil for a disk at fault.
    var fault: (any Error)?
  }

  /// Where the file system begins in the file.
  package let partitionOffset: Int

  /// - Throws: when the directory of `path` cannot be written.
  /// - Precondition: the objects leave a slot free, and their names have at most 128 bytes.
  package init(
    to path: FilePath, objects: [SIFObject], architecture: SIFArchitecture, files: any FileSystem
  ) throws {
    precondition(objects.count < Self.slots)
    self.path = path
    self.architecture = architecture
    front = [UInt8](repeating: 0, count: Self.dataOffset)
    for (index, object) in objects.enumerated() {
      descriptors.append(
        SIFDescriptor(
          object.type, id: index + 1, offset: front.count, count: object.bytes.count, paddedCount: object.bytes.count,
          name: object.name, partition: nil))
      front += object.bytes
    }
    front += [UInt8](repeating: 0, count: (Self.alignment - front.count % Self.alignment) % Self.alignment)
    partitionOffset = front.count
    file = try files.create(in: path.parent, mode: 0o755)
    try file.write(front)
  }

  /// So many bytes of the file system were written.
  package var partitionSize: Int { front.count - partitionOffset + tailSize }

  /// Appends to the file system.
  /// - Parameters:
  ///   - digest: of the bytes, if it is known.
  ///   - fault: what is thrown, here or by `finish`, when they do not have it; nil when they have.
  package func write(
    _ bytes: UnsafeRawBufferPointer, digest: Digest? = nil, otherwise fault: (any Error)? = nil
  ) throws {
    let missing = max(0, partitionOffset + Self.headSize - front.count)
    if missing > 0, let digest, let fault, Self.digest(of: bytes) != digest { throw fault }
    try file.write(bytes)
    front.append(contentsOf: bytes.prefix(missing))
    note(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(missing)), missing == 0 ? digest : nil, fault)
  }

  /// Whether all has come that can be written over.
  package var hasWholeHead: Bool { front.count >= partitionOffset + Self.headSize }

  /// Appends bytes of another file to the file system; the kernel copies them where it can.
  /// - Parameters:
  ///   - pieces: what they are one behind the other.
  ///   - fault: what `finish` throws when they are not.
  /// - Precondition: `hasWholeHead`, and the pieces are as long as the range together.
  package func write(
    _ range: Range<Int>, of other: any RandomAccessFile, pieces: [(count: Int, digest: Digest)],
    otherwise fault: any Error
  ) throws {
    precondition(hasWholeHead && pieces.reduce(0) { $0 + $1.count } == range.count)
    try file.append(range, of: other)
    self.pieces += pieces.map { Piece(count: $0.count, digest: $0.digest, fault: fault) }
    tailSize += range.count
  }

  private func note(_ tail: UnsafeRawBufferPointer, _ known: Digest? = nil, _ fault: (any Error)? = nil) {
    if tail.isEmpty { return }
    pieces.append(Piece(count: tail.count, digest: known ?? Self.digest(of: tail), fault: fault))
    tailSize += tail.count
  }

  private static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finish()
  }

  /// Writes over bytes of the file system that were written, `offset` from its beginning.
  /// - Precondition: they end within the first `headSize`.
  package func overwrite(_ bytes: [UInt8], at offset: Int) {
    precondition(offset >= 0 && partitionOffset + offset + bytes.count <= front.count)
    front.replaceSubrange(partitionOffset + offset..<partitionOffset + offset + bytes.count, with: bytes)
  }

  /// Takes over the file system of another SIF, whose bytes the kernel copies where it can.
  /// - Parameter digest: what the other file was when it was written.
  /// - Throws: when it is not that any more, or has no squashfs for the same architecture.
  /// - Precondition: nothing was written before.
  package func takePartition(of other: any RandomAccessFile, digest: Digest) throws {
    precondition(partitionSize == 0)
    let image = try SIFImage(reading: other)
    guard let object = image.primaryPartition, object.count > 0,
      object.partition == SIFPartition(fileSystem: .squashfs, kind: .primarySystem, architecture: architecture)
    else { throw Failure("\(other.path) has no squashfs for \(architecture) to take over") }
    let head = object.offset..<min(object.offset + Self.headSize, object.range.upperBound)
    let tail = head.upperBound..<object.range.upperBound
    // Hashed as it lies there, before anything of it is believed.
    var whole = SHA256Hasher()
    for (range, isTail) in [(0..<tail.lowerBound, false), (tail, true), (tail.upperBound..<other.size, false)] {
      try other.forEachPiece(of: range) { piece throws(FileSystemError) in
        whole.update(piece)
        if isTail { note(piece) }
      }
    }
    guard whole.finish() == digest else {
      throw Failure("\(other.path) is not what was written there", help: "remove it; it is built again then")
    }
    front += try other.bytes(head)
    try file.append(object.range, of: other)
  }

  /// Completes header and table, reads all of the file again and gives it its name.
  /// - Parameters:
  ///   - isMD5Wanted: takes longer.
  ///   - place: where it lies by its digest; nil for the path that was given.
  /// - Throws: when what is read is not what was written.
  package func finish(
    withMD5 isMD5Wanted: Bool = false, at place: ((Digest) -> FilePath)? = nil
  ) throws -> WrittenSIF {
    guard partitionSize > 0 else { throw Failure("\(path) would have no file system") }
    let unpadded = descriptors.last?.range.upperBound ?? Self.dataOffset
    descriptors.append(
      SIFDescriptor(
        .partition, id: descriptors.count + 1, offset: partitionOffset, count: partitionSize,
        paddedCount: partitionOffset - unpadded + partitionSize,
        partition: SIFPartition(fileSystem: .squashfs, kind: .primarySystem, architecture: architecture)))
    let header = SIFHeader(
      architecture: architecture, descriptorsFree: Self.slots - descriptors.count, descriptorsTotal: Self.slots,
      descriptorsOffset: Self.tableOffset, dataOffset: Self.dataOffset,
      dataSize: partitionOffset + partitionSize - Self.dataOffset)
    replaceFront(header.encoded, at: 0)
    replaceFront(descriptors.flatMap(\.encoded), at: Self.tableOffset)
    try file.write(front, at: 0)
    let written = try verified(isMD5Wanted)
    try file.commit(to: place?(written.digest) ?? path)
    return written
  }

  /// Removes what was written; does nothing after `finish`.
  package func discard() { file.discard() }

  private func replaceFront(_ bytes: [UInt8], at offset: Int) {
    front.replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }

  private func verified(_ isMD5Wanted: Bool) throws -> WrittenSIF {
    let reader = try file.reader()
    file.beginSync()
    let (size, front, pieces) = (front.count + tailSize, front, pieces)
    guard reader.size == size, try reader.bytes(0..<front.count) == front else { throw damaged }
    let found = Locked(
      (
        whole: Result<Digest, any Error>?.none, wrong: Result<Piece?, any Error>?.none,
        md5: Result<String, any Error>?.none
      ))
    let parts = isMD5Wanted ? 3 : 2
    concurrently(parts, threads: parts) { part in
      if part == 2 {
        let md5 = Result { try Self.md5(of: front, then: front.count..<size, in: reader) }
        found.withLock { $0.md5 = md5 }
      } else if part == 0 {
        let whole = Result { try Self.digest(of: front, then: front.count..<size, in: reader) }
        found.withLock { $0.whole = whole }
      } else {
        let wrong = Result { try Self.firstWrong(of: pieces, from: front.count, in: reader) }
        found.withLock { $0.wrong = wrong }
      }
    }
    let (whole, wrong, md5) = found.withLock { $0 }
    if let piece = try wrong?.get() { throw piece.fault ?? damaged }
    guard let digest = try whole?.get() else { throw damaged }
    return WrittenSIF(digest: digest, size: size, md5: try md5?.get())
  }

  private static func digest(
    of front: [UInt8], then range: Range<Int>, in reader: any RandomAccessFile
  ) throws -> Digest {
    var hasher = SHA256Hasher()
    hasher.update(front)
    try reader.forEachPiece(of: range) { piece throws(FileSystemError) in hasher.update(piece) }
    return hasher.finish()
  }

  private static func md5(of front: [UInt8], then range: Range<Int>, in reader: any RandomAccessFile) throws -> String {
    var hasher = MD5Hasher()
    hasher.update(front)
    try reader.forEachPiece(of: range) { piece throws(FileSystemError) in hasher.update(piece) }
    return hasher.finish()
  }

  /// Nil when all of them lie there.
  private static func firstWrong(
    of pieces: [Piece], from start: Int, in reader: any RandomAccessFile
  ) throws -> Piece? {
    var (hasher, open, wrong) = (SHA256Hasher(), pieces[...], Piece?.none)
    var left = open.first?.count ?? 0
    let end = pieces.reduce(start) { $0 + $1.count }
    try reader.forEachPiece(of: start..<end) { bytes throws(FileSystemError) in
      var rest = bytes
      while !rest.isEmpty, let piece = open.first {
        let part = UnsafeRawBufferPointer(rebasing: rest.prefix(left))
        hasher.update(part)
        rest = UnsafeRawBufferPointer(rebasing: rest[part.count...])
        left -= part.count
        if left > 0 { break }
        if wrong == nil, hasher.finish() != piece.digest { wrong = piece }
        open.removeFirst()
        (hasher, left) = (SHA256Hasher(), open.first?.count ?? 0)
      }
    }
    return wrong
  }

  private var damaged: Failure {
    Failure("\(path): what is read back is not what was written", help: "look at the disk, and run again")
  }
}
