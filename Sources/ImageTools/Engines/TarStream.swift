import HostSystem
import ImageModel

/// Writes the files of a directory as a tar archive: owned by root, times in whole seconds, names byte for byte.
struct TarStream {
  private let output: any ByteWriter
  private let files: any FileSystem

  init(_ output: any ByteWriter, files: any FileSystem) { (self.output, self.files) = (output, files) }

  /// All that is in a directory, its links as links; sockets, pipes and devices are passed over.
  func add(directory root: FilePath) throws { try add(below: root, as: "") }

  private func add(below directory: FilePath, as path: FilePath) throws {
    for entry in try files.entries(of: directory) {
      let (place, name) = (directory / entry.name, path / entry.name)
      switch entry.status.kind {
      case .directory:
        try begin(name, "5", entry.status)
        try add(below: place, as: name)
      case .symbolicLink: try begin(name, "2", entry.status, link: try files.target(ofLink: place))
      case .regular:
        try begin(name, "0", entry.status, size: entry.status.size)
        try copy(place, size: entry.status.size)
      case .fifo, .socket, .characterDevice, .blockDevice: break
      }
    }
  }

  func add(_ name: FilePath, bytes: [UInt8]) throws {
    try begin(name, "0", mode: 0o644, modified: 0, size: bytes.count)
    try write(bytes)
    try fill(bytes.count)
  }

  func finish() throws { try write([UInt8](repeating: 0, count: 1024)) }

  private func copy(_ place: FilePath, size: Int) throws {
    let reader = try files.open(place)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
    defer { buffer.deallocate() }
    var rest = size
    while rest > 0 {
      let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(rest, buffer.count)]))
      if count == 0 { throw Failure("\(place) became shorter while it was handed over", help: "run again") }
      try output.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      rest -= count
    }
    try fill(size)
  }

  // MARK: Headers

  private func begin(
    _ name: FilePath, _ type: Unicode.Scalar, _ status: FileStatus, size: Int = 0, link: FilePath = ""
  ) throws {
    try begin(name, type, mode: status.mode, modified: status.modified / 1_000_000_000, size: size, link: link)
  }

  /// Names that a header does not hold come before it, as GNU tar writes them: every byte is allowed there.
  private func begin(
    _ name: FilePath, _ type: Unicode.Scalar = "0", mode: UInt16, modified: Int, size: Int, link: FilePath = ""
  ) throws {
    if link.bytes.count > 100 { try long(link, "K") }
    if name.bytes.count > 100 { try long(name, "L") }
    try header(name, type, mode: mode, modified: modified, size: size, link: link)
  }

  private func long(_ name: FilePath, _ type: Unicode.Scalar) throws {
    try header("././@LongLink", type, mode: 0, modified: 0, size: name.bytes.count + 1, link: "")
    try write(name.bytes + [0])
    try fill(name.bytes.count + 1)
  }

  private func header(
    _ name: FilePath, _ type: Unicode.Scalar, mode: UInt16, modified: Int, size: Int, link: FilePath
  ) throws {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ bytes: some Collection<UInt8>, at offset: Int) {
      block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    put(name.bytes.prefix(100), at: 0)
    put(Self.number(Int(mode), 8), at: 100)
    put(Self.number(0, 8), at: 108)
    put(Self.number(0, 8), at: 116)
    put(Self.number(size, 12), at: 124)
    put(Self.number(modified, 12), at: 136)
    put(Array("        ".utf8), at: 148)
    block[156] = UInt8(truncatingIfNeeded: type.value)
    put(link.bytes.prefix(100), at: 157)
    put(Array("ustar  ".utf8), at: 257)
    put(Self.number(block.reduce(0) { $0 + Int($1) }, 7), at: 148)
    try write(block)
  }

  /// Octal digits and a zero byte; what they do not hold is binary, big-endian, behind a byte that says so.
  private static func number(_ value: Int, _ size: Int) -> [UInt8] {
    let digits = Array(String(value, radix: 8).utf8)
    if value >= 0, digits.count < size {
      return [UInt8](repeating: UInt8(ascii: "0"), count: size - 1 - digits.count) + digits + [0]
    }
    var bytes = (0..<size).reversed().map {
      $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : value < 0 ? 0xFF : 0
    }
    bytes[0] = value < 0 ? 0xFF : 0x80
    return bytes
  }

  private func fill(_ size: Int) throws { try write([UInt8](repeating: 0, count: -size & 511)) }

  private func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { if !$0.isEmpty { try output.write($0) } }
  }
}
