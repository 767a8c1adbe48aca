package import HostSystem
internal import ImageModel

/// As it is kept beside an image: a line with its kind and the compression, then numbers of seven bits a byte and digests;
/// the SHA-256 of all before it last.
extension BlockMap {
  private static let header = "coppice squashfs blocks 1 "

  package var encoded: [UInt8] {
    var bytes = Array("\(Self.header)\(compression)\n".utf8)
    bytes.reserveCapacity(contents.count * 40 + (blocks.count + fragments.count) * 36)
    bytes.append(number: contents.count)
    for content in contents {
      content.digest.append(to: &bytes)
      bytes.append(number: content.size)
      bytes.append(content.note)
      guard let first = content.blocks.first else { continue }
      bytes.append(number: blocks[first].offset)
      for block in blocks[content.blocks] {
        bytes.append(number: Int(block.size))
        if block.size > 0 { block.digest.append(to: &bytes) }
      }
    }
    bytes.append(number: fragments.count)
    for fragment in fragments {
      bytes.append(number: fragment.members.count)
      bytes.append(number: fragment.block.offset)
      bytes.append(number: Int(fragment.block.size))
      fragment.block.digest.append(to: &bytes)
    }
    Digest.sha256(bytes).append(to: &bytes)
    return bytes
  }

  /// Nil when anything is wrong.
  package init?(_ bytes: FileBytes) {
    let whole = bytes[0..<bytes.count]
    guard whole.count >= 32, let end = whole.firstIndex(of: UInt8(ascii: "\n")), end < 200,
      case let body = UnsafeRawBufferPointer(rebasing: whole.dropLast(32)), end < body.count
    else { return nil }
    var hasher = SHA256Hasher()
    hasher.update(body)
    // What is no text would be repaired, and written otherwise.
    guard let line = String(validating: whole[..<end], as: UTF8.self), line.hasPrefix(Self.header),
      let start = whole.baseAddress,
      hasher.finish() == Digest(reading: start + body.count)
    else { return nil }
    self.init(compression: String(line.dropFirst(Self.header.count)))
    var cursor = Cursor(rest: UnsafeRawBufferPointer(rebasing: body[(end + 1)...]))
    guard read(&cursor), cursor.rest.isEmpty, isWhole else { return nil }
  }

  /// - Returns: false when the records are not whole.
  private mutating func read(_ cursor: inout Cursor) -> Bool {
    guard let count = cursor.number() else { return false }
    for _ in 0..<count {
      guard let digest = cursor.digest(), let size = cursor.number(), let note = cursor.byte() else { return false }
      var (blocks, offset) = ([Block](), 0)
      if size >= DataBlock.size {
        // Each takes a byte at least: what is allocated is bounded.
        guard let start = cursor.number(), size / DataBlock.size <= cursor.rest.count else { return false }
        offset = start
        for _ in 0..<size / DataBlock.size {
          guard let block = cursor.block(at: offset) else { return false }
          blocks.append(block)
          offset += block.storedCount
        }
      }
      append(digest, size: size, note: note, blocks: blocks)
    }
    guard let count = cursor.number() else { return false }
    for _ in 0..<count {
      guard let members = cursor.number(), let offset = cursor.number(), let block = cursor.block(at: offset),
        block.size > 0, append(block, members: members)
      else { return false }
    }
    return true
  }

  private struct Cursor {
    var rest: UnsafeRawBufferPointer

    mutating func byte() -> UInt8? {
      guard let byte = rest.first else { return nil }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
      return byte
    }

    /// Of at most 48 bits, so that sums of a few do not overflow.
    mutating func number() -> Int? {
      var (value, shift) = (0, 0)
      while shift < 48, let byte = byte() {
        value |= Int(byte & 0x7f) << shift
        if byte & 0x80 == 0 { return value }
        shift += 7
      }
      return nil
    }

    mutating func digest() -> Digest? {
      guard rest.count >= 32, let start = rest.baseAddress else { return nil }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(32))
      return Digest(reading: start)
    }

    mutating func block(at offset: Int) -> Block? {
      guard let number = number() else { return nil }
      if number == 0 { return Block(offset: offset, size: 0, digest: BlockMap.ofNothing) }
      guard let size = UInt32(exactly: number), let digest = digest(),
        case let block = Block(offset: offset, size: size, digest: digest), 1...DataBlock.size ~= block.storedCount
      else { return nil }
      return block
    }
  }

  static let ofNothing = Digest.sha256([])
}

extension [UInt8] {
  /// Seven bits a byte, the low ones first; all but the last have the eighth.
  fileprivate mutating func append(number: Int) {
    var rest = number
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }
}
