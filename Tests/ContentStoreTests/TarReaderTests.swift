import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

struct TarReaderTests {
  private func entries(_ bytes: [UInt8]) throws -> [(TarEntry, [UInt8])] {
    let reader = TarReader(BytesReader(bytes, pieceSize: 700), name: "test")
    var result: [(TarEntry, [UInt8])] = []
    while let entry = try reader.next() { result.append((entry, try reader.allBytes())) }
    return result
  }

  @Test func everyFieldComesBack() throws {
    for seed in 0..<50 {
      var random = SeededGenerator(seed: seed)
      let written = random.entries()
      let read = try entries(tar(written))
      #expect(read.count == written.count)
      for ((entry, content), expected) in zip(read, written) {
        #expect(entry.name == expected.path)
        #expect(content == expected.content)
        #expect(entry.mode == expected.mode)
        #expect(entry.uid == expected.uid)
        #expect(entry.gid == expected.gid)
        #expect(entry.modified == expected.modified)
        #expect(entry.link == Array(expected.link.utf8))
        #expect(Array(entry.attributes.values) == expected.records.map(\.value))
      }
    }
  }

  @Test func skippedContentIsNotMistakenForHeaders() throws {
    let inner = tar([TestEntry("inner", "x")])
    let reader = TarReader(BytesReader(tar([TestEntry("a", bytes: inner), TestEntry("b", "y")])), name: "test")
    #expect(try reader.next()?.name == "a")
    #expect(try reader.next()?.name == "b")
    #expect(try reader.next() == nil)
  }

  @Test func damageNamesTheEntry() throws {
    var bytes = tar([TestEntry("first", "1"), TestEntry("second", "2"), TestEntry("third", "3")])
    bytes[2048 + 5] ^= 1
    let failure = #expect(throws: Failure.self) { try entries(bytes) }
    #expect(failure?.message.contains("`second`") == true)
  }

  @Test func cutsNameTheEntry() throws {
    let bytes = tar([TestEntry("first", "1"), TestEntry("second", bytes: [UInt8](repeating: 1, count: 2000))])
    for (cut, name) in [(100, "first entry"), (1200, "`first`"), (1600, "`second`"), (3000, "`second`")] {
      let failure = #expect(throws: Failure.self) { try entries(Array(bytes[..<cut])) }
      #expect(failure?.message.contains(name) == true)
    }
  }

  @Test func namesCannotWriteToTheTerminal() throws {
    let bytes = tar([TestEntry("\u{1b}[2Jevil", "1"), TestEntry("b", "2")])
    let failure = #expect(throws: Failure.self) { try entries(Array(bytes[..<1100])) }
    #expect(failure?.message.contains("[2Jevil") == true)
    #expect(failure?.message.contains("\u{1b}") == false)
  }

  @Test func hugeClaimsAreErrorsNotAllocations() throws {
    var entry = TestEntry("x")
    // A PAX header of 8 GiB.
    #expect(throws: Failure.self) { try entries(entry.header(name: "x", type: "x", size: 1 << 33 - 1)) }
    #expect(throws: Failure.self) { try entries(entry.header(name: "x", type: "L", size: 1 << 30)) }
    // Base-256 beyond 64 bits, and negative.
    for first in [UInt8(0xbf), 0xff] {
      var block = entry.header(name: "x", type: "0", size: 0)
      block.replaceSubrange(124..<136, with: [first] + [UInt8](repeating: 0xfe, count: 11))
      #expect(throws: Failure.self) { try entries(TestEntry.withChecksum(block)) }
    }
    for (key, value) in [("size", "-1"), ("size", "99999999999999999999"), ("uid", "x"), ("path", "a\u{0}b")] {
      entry.records = [(key, Array(value.utf8))]
      #expect(throws: Failure.self) { try entries(tar([entry])) }
    }
    for body in ["5 a=b\n", "999 a=b\n", "0 a=b\n", "-6 a=b\n", "6 ab\n\n", "x a=b\n", "  "] {
      let bytes = entry.header(name: "x", type: "x", size: body.utf8.count) + TestEntry.padded(Array(body.utf8))
      #expect(throws: Failure.self, "\(body)") { try entries(bytes + TestEntry("y").bytes) }
    }
  }

  @Test(arguments: ["L", "K"] as [Character]) func aLongNameWithAZeroByteIsAFault(type: Character) {
    let name = Array("a\u{0}b".utf8)
    let header = TestEntry("x").header(name: "././@LongLink", type: type, size: name.count)
    let entry = TestEntry.symbolicLink("x", to: "y")
    #expect(throws: Failure.self) { try entries(header + TestEntry.padded(name) + tar([entry])) }
  }

  @Test func aSizeOfAllNumbersIsAFault() throws {
    var entry = TestEntry("x")
    for digits in ["9223372036854775807", "9223372036854775296"] {
      entry.records = [("size", Array(digits.utf8))]
      #expect(throws: Failure.self) { try entries(tar([entry])) }
    }
    var block = entry.header(name: "x", type: "0", size: 0)
    block.replaceSubrange(124..<136, with: [0x80, 0, 0, 0, 0x7f] + [UInt8](repeating: 0xff, count: 7))
    #expect(throws: Failure.self) { try entries(TestEntry.withChecksum(block)) }
  }

  @Test func noBytesCrashTheReader() {
    for seed in 0..<1500 {
      var random = SeededGenerator(seed: seed)
      var bytes = tar(random.entries())
      for _ in 0..<Int.random(in: 1..<6, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = UInt8.random(in: 0...255, using: &random)
        // Most changes would end at the checksum.
        let block = place & ~511
        if random.once(in: 2), block + 512 <= bytes.count {
          bytes.replaceSubrange(block..<block + 512, with: TestEntry.withChecksum(Array(bytes[block..<block + 512])))
        }
      }
      if random.once(in: 3) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
      do {
        _ = try entries(bytes)
      } catch {
        #expect(error is Failure)
      }
    }
  }
}
