import CZlib
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ContentStore

/// Against zlib, which judges every stream.
struct GzipReaderTests {
  private func read(_ bytes: [UInt8], pieceSize: Int = 7, wholeMembers: Bool = false) throws -> [UInt8] {
    try GzipReader(BytesReader(bytes, pieceSize: pieceSize), name: "it", wholeMembers: wholeMembers)
      .allBytes(limit: .max, name: "it")
  }

  /// Nil when it is damaged or cut off.
  private func read(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8]? {
    let pieceSize = random.once(in: 2) ? bytes.count + 1 : Int.random(in: 1...100, using: &random)
    guard
      let reader = try? GzipReader(
        BytesReader(bytes, pieceSize: pieceSize), name: "it", wholeMembers: random.once(in: 2))
    else { return nil }
    let size = random.once(in: 2) ? 1 << 21 : Int.random(in: 1...2000, using: &random)
    var (buffer, result) = ([UInt8](repeating: 0, count: size), [UInt8]())
    while true {
      guard let count = try? buffer.withUnsafeMutableBytes({ try reader.read(into: $0) }) else { return nil }
      if count == 0 { return result }
      result += buffer[..<count]
    }
  }

  /// What zlib reads of one member; nil when it refuses.
  private func expected(_ member: [UInt8]) -> [UInt8]? {
    var state = z_stream()
    inflateInit2_(&state, 16 + 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { inflateEnd(&state) }
    var (input, bytes) = (member, [UInt8]())
    return input.withUnsafeMutableBufferPointer { source in
      (state.next_in, state.avail_in) = (source.baseAddress, UInt32(source.count))
      while true {
        let (result, piece) = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { room in
          (state.next_out, state.avail_out) = (room.baseAddress, 1 << 16)
          let result = inflate(&state, Z_NO_FLUSH)
          return (result, Array(room[..<(1 << 16 - Int(state.avail_out))]))
        }
        bytes += piece
        if result == Z_STREAM_END { return state.avail_in == 0 ? bytes : nil }
        if result != Z_OK { return nil }
      }
    }
  }

  private func deflated(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var state = z_stream()
    let strategies = [Z_DEFAULT_STRATEGY, Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED]
    deflateInit2_(
      &state, Int32.random(in: 0...9, using: &random), Z_DEFLATED, 16 + 15, Int32.random(in: 1...9, using: &random),
      strategies.randomElement(using: &random) ?? 0, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&state) }
    var stream: [UInt8] = []
    let pieces = bytes.cut(&random)
    for (index, var piece) in pieces.enumerated() {
      let flush = index == pieces.count - 1 ? Z_FINISH : [Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK][index % 4]
      var room = [UInt8](repeating: 0, count: piece.count * 2 + 1 << 16)
      let (count, capacity) = (UInt32(piece.count), UInt32(room.count))
      piece.withUnsafeMutableBufferPointer { source in
        room.withUnsafeMutableBufferPointer { target in
          (state.next_in, state.avail_in) = (source.baseAddress, count)
          (state.next_out, state.avail_out) = (target.baseAddress, capacity)
          _ = deflate(&state, flush)
        }
      }
      stream += room[..<(room.count - Int(state.avail_out))]
    }
    return stream
  }

  /// Noise, runs and what came before, near and far.
  private func content(_ random: inout SeededGenerator, upTo limit: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    let size = Int.random(in: 0...limit, using: &random)
    while bytes.count < size {
      let count = Int.random(in: 1...(random.once(in: 9) ? 3000 : 300), using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes += random.bytes(count)
      case 1: bytes += [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: count)
      case 2: bytes += (0..<count).map { _ in UInt8.random(in: 0x61...0x68, using: &random) }
      default:
        let distance = Int.random(in: 1...(random.once(in: 2) ? 20 : 1 << 15), using: &random)
        if distance <= bytes.count { for _ in 0..<count { bytes.append(bytes[bytes.count - distance]) } }
      }
    }
    return bytes
  }

  @Test(arguments: 0..<2) func whatZlibWritesIsReadAgain(part: Int) throws {
    for seed in Soak.seeds(100, part: part) {
      var random = SeededGenerator(seed: seed)
      let bytes = content(&random, upTo: random.once(in: 4) ? 120_000 : 5000)
      let stream = deflated(bytes, &random)
      let zeros = [UInt8](repeating: 0, count: Int.random(in: 0...40, using: &random))
      #expect(read(stream + zeros, &random) == bytes, "seed \(seed)")
      #expect(read(stream + stream + zeros, &random) == bytes + bytes, "seed \(seed)")
    }
  }

  /// Cut, damaged or made up: what zlib reads is read, and what zlib refuses gives at most what was meant.
  @Test(arguments: 0..<2) func everyStreamIsJudgedAsByZlib(part: Int) throws {
    var (readable, refused) = (0, 0)
    for seed in Soak.seeds(400, part: part) {
      var random = SeededGenerator(seed: seed)
      let bytes = content(&random, upTo: 3000)
      let stream = deflated(bytes, &random)
      for _ in 0..<8 {
        var damaged = random.once(in: 8) ? random.bytes(Int.random(in: 1...60, using: &random)) : stream
        for _ in 0..<Int.random(in: 0...3, using: &random) {
          // The beginning says how the rest is meant.
          let limit = random.once(in: 2) ? min(damaged.count, 60) : damaged.count
          damaged[Int.random(in: 0..<limit, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
        if random.once(in: 4) { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random)) }
        let (found, expected) = (read(damaged, &random), expected(damaged))
        if let expected {
          readable += 1
          #expect(found == expected, "seed \(seed)")
        } else {
          refused += 1
          #expect(found == nil || found == bytes || damaged.allSatisfy { $0 == 0 }, "seed \(seed)")
        }
      }
    }
    #expect(readable > 50 && refused > 50)
  }

  @Test func everyFieldOfAHeaderIsPassedOver() throws {
    let plain = gzip(Array("content".utf8))
    for flags in UInt8(0)..<32 {
      var header: [UInt8] = [0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 2, 3]
      if flags & 4 != 0 { header += [3, 0, 0, 1, 2] }
      if flags & 8 != 0 { header += Array("name\0".utf8) }
      if flags & 16 != 0 { header += Array("comment\0".utf8) }
      if flags & 2 != 0 {
        let sum = header.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
        header += [UInt8(truncatingIfNeeded: sum), UInt8(truncatingIfNeeded: sum >> 8)]
      }
      let member = header + plain.dropFirst(10)
      #expect(try read(member + plain) == Array("contentcontent".utf8), "\(flags)")
      for count in 1..<member.count {
        #expect(throws: Failure.self) { try read(Array(member[..<count])) }
      }
      if flags & 2 != 0 {
        var other = member
        other[header.count - 1] ^= 1
        #expect(throws: Failure.self) { try read(other) }
      }
    }
    for (place, value) in [(0, UInt8(0x1e)), (1, 0x8a), (2, 7), (3, 0x20), (3, 0x80)] {
      var other = plain
      other[place] = value
      #expect(throws: Failure.self) { try read(other) }
    }
  }

  @Test func theSumsAtTheEndCount() throws {
    let plain = gzip(Array("content".utf8))
    for place in plain.count - 8..<plain.count {
      var other = plain
      other[place] ^= 4
      #expect(throws: Failure.self) { try read(other) }
    }
  }
}
