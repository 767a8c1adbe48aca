internal import HostSystem

/// Writes the few entries of a docker-archive: regular files with short names, owned by root, without times.
struct TarWriter {
  private let output: any ByteWriter

  init(_ output: any ByteWriter) { self.output = output }

  /// - Precondition: `name` has less than 100 bytes; exactly `size` bytes of content and `finishEntry` follow.
  func begin(_ name: String, size: Int) throws {
    var block = [UInt8](repeating: 0, count: TarHeader.size)
    func put(_ text: String, at offset: Int) {
      block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    func octal(_ value: Int, _ digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    precondition(name.utf8.count < 100)
    put(name, at: 0)
    put(octal(0o444, 7), at: 100)
    put(octal(0, 7), at: 108)
    put(octal(0, 7), at: 116)
    if size < 1 << 33 {
      put(octal(size, 11), at: 124)
    } else {
      // Base-256, for what eleven octal digits do not hold.
      block[124] = 0x80
      for index in 0..<8 { block[135 - index] = UInt8(truncatingIfNeeded: size >> (8 * index)) }
    }
    put(octal(0, 11), at: 136)
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar\u{0}00", at: 257)
    put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\u{0}", at: 148)
    try write(block)
  }

  /// Fills the last block.
  func finishEntry(size: Int) throws { try write([UInt8](repeating: 0, count: -size & 511)) }

  func add(_ name: String, _ content: [UInt8]) throws {
    try begin(name, size: content.count)
    try write(content)
    try finishEntry(size: content.count)
  }

  func finish() throws { try write([UInt8](repeating: 0, count: 1024)) }

  private func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { if !$0.isEmpty { try output.write($0) } } }
}
