internal import CCrypto

/// A SHA-256 digest; as text `sha256:` and 64 lower-case hexadecimal digits.
package struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  // Four big-endian words: a digest is compared and hashed millions of times, an array would be allocated each time.
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// - Precondition: `bytes` has exactly 32 bytes.
  package init(bytes: some Collection<UInt8>) {
    precondition(bytes.count == 32)
    self = Array(bytes).withUnsafeBytes { bytes in
      bytes.baseAddress.map { Digest(reading: $0) } ?? Digest(words: (0, 0, 0, 0))
    }
  }

  fileprivate init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  /// Reads 32 bytes where they lie.
  package init(reading bytes: UnsafeRawPointer) {
    func word(_ index: Int) -> UInt64 {
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
    words = (word(0), word(1), word(2), word(3))
  }

  /// Parses `sha256:…`; nil for another algorithm, another length or upper case.
  package init?(_ text: some StringProtocol) {
    guard text.hasPrefix("sha256:") else { return nil }
    self.init(hex: text.dropFirst(7))
  }

  /// Why a text is none, for a message: OCI allows other algorithms, which no engine that is driven here writes.
  package static func fault(_ text: some StringProtocol) -> String {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, ["sha384", "sha512", "blake3"].contains(parts[0]) else {
      return "'\(text.prefix(80))' is no digest"
    }
    return "'\(parts[0]):\(parts[1].prefix(12))…' is not a SHA-256 digest, the only kind that is supported"
  }

  /// Parses `sha256:…` where it lies.
  package init?(text: UnsafeRawBufferPointer) {
    guard text.count == 71, Self.isPrefix(of: text), let first = Self.word(text, at: 7),
      let second = Self.word(text, at: 23), let third = Self.word(text, at: 39), let fourth = Self.word(text, at: 55)
    else { return nil }
    words = (first, second, third, fourth)
  }

  private static let prefix: StaticString = "sha256:"

  private static func isPrefix(of text: UnsafeRawBufferPointer) -> Bool {
    prefix.withUTF8Buffer { prefix in prefix.indices.allSatisfy { text[$0] == prefix[$0] } }
  }

  private static func word(_ text: UnsafeRawBufferPointer, at start: Int) -> UInt64? {
    func number(at place: Int) -> UInt32? {
      HexDigits.number(UInt64(littleEndian: text.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
    }
    guard let high = number(at: start), let low = number(at: start + 8) else { return nil }
    return UInt64(high) << 32 | UInt64(low)
  }

  /// Parses 64 lower-case hexadecimal digits.
  package init?(hex: some StringProtocol) {
    guard hex.utf8.count == 64 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    var high: UInt8?
    for digit in hex.utf8 {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      default: return nil
      }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    self.init(bytes: bytes)
  }

  /// The digest of bytes in memory.
  package static func sha256(_ bytes: some Sequence<UInt8>) -> Digest {
    var hasher = SHA256Hasher()
    if bytes.withContiguousStorageIfAvailable({ hasher.update(UnsafeRawBufferPointer($0)) }) == nil {
      hasher.update(Array(bytes))
    }
    return hasher.finish()
  }

  package static func sha256(_ text: String) -> Digest { sha256(text.utf8) }

  package var bytes: [UInt8] {
    var result: [UInt8] = []
    append(to: &result)
    return result
  }

  /// The 32 bytes.
  package func append(to bytes: inout [UInt8]) { withBytes { bytes.append(contentsOf: $0) } }

  package func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
    let (first, second, third, fourth) = words
    withUnsafeBytes(of: (first.bigEndian, second.bigEndian, third.bigEndian, fourth.bigEndian), body)
  }

  /// 64 hexadecimal digits, as in the names of blobs.
  package var hex: String {
    var text: [UInt8] = []
    appendText(to: &text)
    return String(decoding: text[7...], as: UTF8.self)
  }

  /// `description` as bytes.
  package var text: [UInt8] {
    var result: [UInt8] = []
    appendText(to: &result)
    return result
  }

  package func appendText(to bytes: inout [UInt8]) {
    Self.prefix.withUTF8Buffer { bytes.append(contentsOf: $0) }
    let digits = (Self.digits(words.0), Self.digits(words.1), Self.digits(words.2), Self.digits(words.3))
    withUnsafeBytes(of: digits) { bytes.append(contentsOf: $0) }
  }

  /// The first sixteen digits: enough against accidents.
  package func appendChecksum(to bytes: inout [UInt8]) {
    withUnsafeBytes(of: Self.digits(words.0)) { bytes.append(contentsOf: $0) }
  }

  /// As they lie in a text.
  private static func digits(_ word: UInt64) -> (UInt64, UInt64) {
    (
      HexDigits.of(UInt32(truncatingIfNeeded: word >> 32)).littleEndian,
      HexDigits.of(UInt32(truncatingIfNeeded: word)).littleEndian
    )
  }

  /// The first twelve digits, for people.
  package var short: String { String(hex.prefix(12)) }
  package var description: String { String(decoding: text, as: UTF8.self) }

  package static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }
  package static func < (left: Digest, right: Digest) -> Bool { left.words < right.words }
  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// SHA-256 over a stream of bytes.
package struct SHA256Hasher: Sendable {
  private var context = SHA256_CTX()

  package init() { SHA256_Init(&context) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    SHA256_Update(&context, bytes.baseAddress, bytes.count)
  }

  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { _ = SHA256_Update(&context, $0.baseAddress, $0.count) }
  }

  /// The digest of all that was given; further updates continue from here.
  package func finish() -> Digest {
    var last = context
    return withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { bytes in
      SHA256_Final(bytes.baseAddress, &last)
      return bytes.baseAddress.map { Digest(reading: $0) } ?? Digest(words: (0, 0, 0, 0))
    }
  }
}
