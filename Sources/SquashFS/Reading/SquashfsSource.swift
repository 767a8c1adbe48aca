package import HostSystem
internal import ImageModel

/// Where an image is read from, at any place and by any thread.
package protocol SquashfsSource: Sendable {
  var size: Int { get }
  /// - Precondition: the bytes lie within.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws
}

/// An image in memory, or mapped into it.
package struct MemorySource: SquashfsSource {
  private let bytes: FileBytes
  private let range: Range<Int>

  /// - Parameter range: where the image lies in the bytes; nil means all of them.
  package init(_ bytes: FileBytes, range: Range<Int>? = nil) {
    self.bytes = bytes
    self.range = (range ?? 0..<bytes.count).clamped(to: 0..<bytes.count)
  }

  package var size: Int { range.count }

  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) {
    let start = range.lowerBound + offset
    buffer.copyMemory(from: bytes[start..<start + buffer.count])
  }
}

/// The source with every read checked: no byte outside of an image is asked for.
struct CheckedSource {
  private let source: any SquashfsSource
  /// Of the image, for messages.
  let name: String
  /// Bytes from the start that may be read.
  let limit: Int

  init(_ source: any SquashfsSource, name: String, limit: Int? = nil) {
    self.source = source
    self.name = name
    self.limit = min(limit ?? source.size, source.size)
  }

  func limited(to limit: Int) -> CheckedSource { CheckedSource(source, name: name, limit: limit) }

  func damaged(_ what: String) -> Failure {
    Failure("\(name) is damaged: \(what)", help: "make the image again, or take another copy of it")
  }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard offset >= 0, offset <= limit, buffer.count <= limit - offset else {
      throw damaged("something is said to lie behind its end")
    }
    if !buffer.isEmpty { try source.read(at: offset, into: buffer) }
  }

  func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    guard offset >= 0, count >= 0, offset <= limit, count <= limit - offset else {
      throw damaged("something is said to lie behind its end")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try read(at: offset, into: $0) }
    return bytes
  }
}
