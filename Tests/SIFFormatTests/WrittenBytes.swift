import HostSystem
import ImageModel
import TestSupport

@testable import SIFFormat

/// Files as the writer makes them.
enum WrittenBytes {
  static let objects = [
    SIFObject(.definition, Array("bootstrap: docker\nfrom: x\n\n".utf8)),
    SIFObject(.json, name: "inspect-metadata.json", Array(#"{"data":{"attributes":{"labels":{}}}}"#.utf8)),
    SIFObject(.json, name: "oci-config.json", Array("{}".utf8)),
  ]

  /// The bytes of `a.sif` on a disk of its own.
  static func of(
    _ objects: [SIFObject] = objects, partition: [UInt8] = Array("hsqs and more".utf8),
    architecture: SIFArchitecture = .amd64
  ) throws -> [UInt8] {
    let disk = InMemoryFileSystem()
    let writer = try SIFWriter(to: disk.root / "a.sif", objects: objects, architecture: architecture, files: disk)
    try partition.withUnsafeBytes { try writer.write($0) }
    _ = try writer.finish()
    return disk.bytes("a.sif") ?? []
  }

  static func random(_ random: inout SeededGenerator) -> (objects: [SIFObject], partition: [UInt8]) {
    let objects = (0..<Int.random(in: 0...6, using: &random)).map { index in
      let type: SIFDataType = [.definition, .json, .generic, .labels].randomElement(using: &random) ?? .json
      let name = random.once(in: 3) ? String(repeating: "n", count: 128) : "object \(index)"
      return SIFObject(type, name: name, random.bytes(Int.random(in: 0...900, using: &random)))
    }
    let size =
      random.once(in: 2) ? Int.random(in: 1...5000, using: &random) : Int.random(in: 1...60_000, using: &random)
    return (objects, random.bytes(size))
  }
}

extension SIFImage {
  /// - Throws: what makes it unreadable.
  init(bytes: [UInt8]) throws { try self.init(reading: MemoryFile(bytes, path: "a.sif")) }
}

extension [UInt8] {
  /// With the little-endian number of `count` bytes at a place.
  func replacing(at place: Int, count: Int = 8, by value: Int) -> [UInt8] {
    var bytes = self
    for index in 0..<count { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    return bytes
  }
}
