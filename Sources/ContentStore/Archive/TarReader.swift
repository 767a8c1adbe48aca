package import HostSystem
internal import ImageModel

/// Reads a tar archive from front to back, whatever it holds: nothing touches the disk, all names and numbers are bounded.
///
/// Knows v7, ustar, PAX, GNU's long names, base-256 numbers and sparse files, whose holes it fills. It is also the reader of
/// the current entry's content.
package final class TarReader: ByteReader {
  /// What an archive is called in a message.
  private let name: String
  private let source: BufferedReader
  /// As it is written; nil before the first entry.
  private var entryPath: [UInt8]?
  /// What the archive holds of the current entry and was not yet read, and what fills its last block.
  private var (left, padding) = (0, 0)
  /// Content of the current entry not yet read.
  private var contentLeft = 0
  /// Nil when the content is what the archive holds. Pieces before `piece` are read.
  private var sparse: (map: SparseMap, piece: Int)?
  private var holesLeft: Int
  private var isAtEnd = false

  /// PAX headers and long names are kept in memory.
  private static let recordLimit = 1 << 20
  private static let zeros = [UInt8](repeating: 0, count: 1 << 16)

  /// - Parameter holes: bytes of all holes together, which a small archive can make large.
  package convenience init(_ source: any ByteReader, name: String, holes: Int = 1 << 36) {
    self.init(BufferedReader(source), name: name, holes: holes)
  }

  init(_ source: BufferedReader, name: String, holes: Int) {
    self.source = source
    self.name = name
    holesLeft = holes
  }

  /// The next entry, whose content can then be read; nil at the end of the archive.
  /// - Throws: `Failure` that names the archive and the entry.
  package func next() throws -> TarEntry? {
    var (longName, longLink): ([UInt8]?, [UInt8]?)
    var records = PaxRecords()
    while let header = try nextHeader() {
      (left, padding) = (header.size, -header.size & 511)
      switch header.type {
      case UInt8(ascii: "L"): longName = try record()
      case UInt8(ascii: "K"): longLink = try record()
      case UInt8(ascii: "x"): records = try faults { try PaxRecords(try record()) }
      // Defaults for all that follows: no engine applies them.
      case UInt8(ascii: "g"): _ = try record()
      default:
        var entry = try faults { try TarEntry(header, longName: longName, longLink: longLink, records) }
        entryPath = entry.path
        if entry.path.contains(0) { throw fault("its name has a zero byte") }
        if entry.link.contains(0) { throw fault("the target of its link has a zero byte") }
        (left, padding) = (entry.size, -entry.size & 511)
        (sparse, contentLeft) = (nil, entry.size)
        if entry.kind == .file, let map = try faults({ try sparseMap(header, records) }) {
          guard map.size - left <= holesLeft else { throw fault("its holes are too large: it has \(map.size) bytes") }
          holesLeft -= map.size - left
          (sparse, contentLeft, entry.size) = ((map, 0), map.size, map.size)
        }
        return entry
      }
    }
    return nil
  }

  /// Whether the archive holds the current entry's content byte for byte.
  var isStored: Bool { sparse == nil }

  /// Content of the current entry.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard contentLeft > 0, !buffer.isEmpty else { return 0 }
    if sparse != nil { return try withPiece(limit: buffer.count) { buffer.copyMemory(from: $0) } }
    let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(left, buffer.count)])
    return try take(try source.read(into: piece))
  }

  /// Calls `body` with up to `limit` bytes of the current entry's content, in place, and returns how many; 0 at the end.
  func withPiece(limit: Int = .max, _ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
    guard contentLeft > 0 else { return 0 }
    guard let sparse else { return try take(try source.withPiece(limit: min(left, limit), body)) }
    let position = sparse.map.size - contentLeft
    let pieces = sparse.map.pieces
    let next = sparse.piece < pieces.count ? pieces[sparse.piece] : .init(offset: sparse.map.size, count: 0)
    if position < next.offset {
      let count = min(limit, next.offset - position, Self.zeros.count)
      try Self.zeros.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      contentLeft -= count
      return count
    }
    let count = try source.withPiece(limit: min(limit, next.offset + next.count - position), body)
    if position + count == next.offset + next.count { self.sparse?.piece += 1 }
    return try take(count)
  }

  /// The digest of what is left of the current entry's content.
  func digestOfContent() throws -> Digest {
    var hasher = SHA256Hasher()
    while try withPiece({ hasher.update($0) }) > 0 {}
    return hasher.finish()
  }

  private func take(_ count: Int) throws -> Int {
    if count == 0 { throw fault("the archive ends \(left) bytes before its end") }
    left -= count
    contentLeft -= count
    return count
  }

  private func nextHeader() throws -> TarHeader? {
    if isAtEnd { return nil }
    guard try source.skip(left) == left else { throw fault("the archive ends \(left) bytes before its end") }
    // Not together: a header may promise as many bytes as there are numbers.
    _ = try source.skip(padding)
    (left, padding, contentLeft) = (0, 0, 0)
    let block = try source.readBlock(TarHeader.size)
    if block.isEmpty || block.allSatisfy({ $0 == 0 }) && block.count == TarHeader.size {
      isAtEnd = true
      return nil
    }
    guard block.count == TarHeader.size else { throw fault("the archive ends within the header after it") }
    do throws(TarHeader.Fault) {
      return try TarHeader(block[...])
    } catch {
      switch error {
      case .checksum: throw fault("what follows it is not a tar header")
      case .number(let field): throw fault("the header after it has no valid \(field)")
      }
    }
  }

  /// The content of a PAX header or a long name, without the zero at its end.
  private func record() throws -> [UInt8] {
    guard left <= Self.recordLimit else { throw fault("the header after it has \(left) bytes of names") }
    let bytes = try source.readBlock(left)
    guard bytes.count == left else { throw fault("the archive ends within the header after it") }
    left = 0
    return bytes.last == 0 ? Array(bytes.prefix { $0 != 0 }) : bytes
  }

  /// Nil for a file that is not sparse. Afterwards the data follows, and `left` counts it.
  private func sparseMap(_ header: TarHeader, _ records: PaxRecords) throws -> SparseMap? {
    if var old = header.sparse {
      while old.continues { try old.add(try mapBlock()) }
      return try SparseMap(old.numbers, size: old.size, packed: left)
    }
    switch try SparseMap.Records(records) {
    case nil: return nil
    case .map(let numbers, let size): return try SparseMap(numbers, size: size, packed: left)
    case .mapFollows(let size):
      let numbers = try SparseMap.numbers {
        guard left >= TarHeader.size else { throw SparseMap.Fault(message: "its map of holes is cut off") }
        left -= TarHeader.size
        return try mapBlock()
      }
      return try SparseMap(numbers, size: size, packed: left)
    }
  }

  private func mapBlock() throws -> [UInt8] {
    let block = try source.readBlock(TarHeader.size)
    guard block.count == TarHeader.size else { throw fault("the archive ends within its map of holes") }
    return block
  }

  private func faults<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as PaxRecords.Fault {
      throw fault(error.message)
    } catch let error as SparseMap.Fault {
      throw fault(error.message)
    } catch TarHeader.Fault.number {
      throw fault("its map of holes has no valid number")
    }
  }

  /// Of the current entry, or of what follows it.
  func fault(_ message: String, help: String = "the archive is cut off or damaged; make it again") -> Failure {
    guard let entryPath else { return Failure("\(name), first entry: \(message)", help: help) }
    return Failure(
      "\(name), entry `\(String(decoding: entryPath.prefix(300), as: UTF8.self).printable)`: \(message)", help: help)
  }
}
