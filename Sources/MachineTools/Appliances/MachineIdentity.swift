internal import ImageModel

/// What makes one machine another one than its neighbour: drawn by other tools, here derived from what it is made of, so
/// that the same inputs give the same machine.
struct MachineIdentity: Sendable, Equatable {
  let machine: String
  let disk: String
  /// Twelve digits: VirtualBox's vendor prefix, and six of our own.
  let address: String
  /// For a disk of VMDK, never all ones, which mean "no parent".
  let contentID: UInt32

  init(_ digest: Digest) {
    machine = Self.uuid(digest, "machine")
    disk = Self.uuid(digest, "disk")
    let bytes = Self.bytes(digest, "numbers")
    address = "080027" + bytes[0..<3].map { Self.digits($0).uppercased() }.joined()
    contentID = bytes[4..<8].reduce(0) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
  }

  private static func bytes(_ digest: Digest, _ name: String) -> [UInt8] {
    Digest.sha256("coppice machine \(name) \(digest)").bytes
  }

  private static func digits(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

  /// Of version 8, which is for makers' own ways.
  static func uuid(_ digest: Digest, _ name: String) -> String {
    var bytes = Array(Self.bytes(digest, name).prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    let text = bytes.map(digits)
    return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { text[$0].joined() }.joined(separator: "-")
  }

  /// As VirtualBox's disks hold it: the first three parts with the lowest byte first.
  static func diskBytes(_ uuid: String) -> [UInt8] {
    let digits = Array(uuid.replacing("-", with: "").utf8)
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
    guard bytes.count == 16 else { return [UInt8](repeating: 0, count: 16) }
    return bytes[0..<4].reversed() + bytes[4..<6].reversed() + bytes[6..<8].reversed() + bytes[8...]
  }
}
