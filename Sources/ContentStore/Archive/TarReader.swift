package import HostSystem
internal import ImageModel

/// Reads a tar archive from front to back, whatever it holds: nothing touches the disk, all names and numbers are bounded.
///
/// Knows v7, ustar, PAX, GNU's long names and base-256 numbers. It is also the reader of the current entry's content.
package final class TarReader: ByteReader {
  /// What an archive is called in a message.
  private let name: String
  private let source: BufferedReader
  private var entryName = ""
  /// Content of the current entry not yet read, and what fills its last block.
  private var (left, padding) = (0, 0)
  private var isAtEnd = false

  /// PAX headers and long names are kept in memory.
  private static let recordLimit = 1 << 20

  package init(_ source: any ByteReader, name: String) {
    self.source = BufferedReader(source)
    self.name = name
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
        let entry = try faults { try TarEntry(header, longName: longName, longLink: longLink, records) }
        entryName = String(entry.name.prefix(300)).printable
        if entry.path.contains(0) { throw fault("its name has a zero byte") }
        if entry.link.contains(0) { throw fault("the target of its link has a zero byte") }
        if header.hasSparseExtension { try skipSparseMap() }
        (left, padding) = (entry.size, -entry.size & 511)
        return entry
      }
    }
    return nil
  }

  /// Content of the current entry.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard left > 0, !buffer.isEmpty else { return 0 }
    let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(left, buffer.count)])
    return try take(try source.read(into: piece))
  }

  /// The digest of what is left of the current entry's content.
  func digestOfContent() throws -> Digest {
    var hasher = SHA256Hasher()
    while left > 0 { _ = try take(try source.withPiece(limit: left) { hasher.update($0) }) }
    return hasher.finish()
  }

  private func take(_ count: Int) throws -> Int {
    if count == 0 { throw fault("the archive ends \(left) bytes before its end") }
    left -= count
    return count
  }

  private func nextHeader() throws -> TarHeader? {
    if isAtEnd { return nil }
    guard try source.skip(left) == left else { throw fault("the archive ends \(left) bytes before its end") }
    // Not together: a header may promise as many bytes as there are numbers.
    _ = try source.skip(padding)
    (left, padding) = (0, 0)
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

  private func skipSparseMap() throws {
    while true {
      let block = try source.readBlock(TarHeader.size)
      guard block.count == TarHeader.size else { throw fault("the archive ends within its map of holes") }
      if block[504] == 0 { return }
    }
  }

  private func faults<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as PaxRecords.Fault {
      throw fault(error.message)
    }
  }

  private func fault(_ message: String) -> Failure {
    Failure(
      entryName.isEmpty ? "\(name), first entry: \(message)" : "\(name), entry `\(entryName)`: \(message)",
      help: "the archive is cut off or damaged; make it again")
  }
}
