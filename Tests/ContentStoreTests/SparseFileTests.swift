import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ContentStore

struct SparseFileTests {
  /// Where the data lies, and the file.
  private struct Sparse {
    var pieces: [(offset: Int, bytes: [UInt8])] = []
    var size = 0

    var file: [UInt8] {
      var file = [UInt8](repeating: 0, count: size)
      for (offset, bytes) in pieces { file.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
      return file
    }

    var data: [UInt8] { pieces.flatMap(\.bytes) }
    var numbers: [Int] { pieces.flatMap { [$0.offset, $0.bytes.count] } }
  }

  private enum Form: CaseIterable { case gnu, pax00, pax01, pax10 }

  private func bytes(_ sparse: Sparse, _ form: Form) -> [UInt8] {
    var entry = TestEntry("packed", bytes: sparse.data)
    func add(_ key: String, _ value: String) { entry.records.append(("GNU.sparse." + key, Array(value.utf8))) }
    switch form {
    case .gnu: return gnu(sparse)
    case .pax00:
      add("size", "\(sparse.size)")
      add("numblocks", "\(sparse.pieces.count)")
      for (offset, bytes) in sparse.pieces {
        add("offset", "\(offset)")
        add("numbytes", "\(bytes.count)")
      }
    case .pax01:
      add("major", "0")
      add("minor", "1")
      add("name", "f")
      add("size", "\(sparse.size)")
      add("map", sparse.numbers.map(String.init).joined(separator: ","))
    case .pax10:
      add("major", "1")
      add("minor", "0")
      add("name", "f")
      add("realsize", "\(sparse.size)")
      let map = ([sparse.pieces.count] + sparse.numbers).map { "\($0)\n" }.joined()
      entry.content = TestEntry.padded(Array(map.utf8)) + entry.content
    }
    return entry.bytes
  }

  private func gnu(_ sparse: Sparse) -> [UInt8] {
    func field(_ number: Int) -> [UInt8] {
      let text = String(number, radix: 8)
      return Array((String(repeating: "0", count: 11 - text.count) + text + "\u{0}").utf8)
    }
    var block = TestEntry("f").header(name: "f", type: "S", size: sparse.data.count)
    block.replaceSubrange(257..<265, with: "ustar  \u{0}".utf8)
    var fields = sparse.pieces.map { field($0.offset) + field($0.bytes.count) }
    for (index, piece) in fields.prefix(4).enumerated() {
      block.replaceSubrange(386 + 24 * index..<410 + 24 * index, with: piece)
    }
    fields = Array(fields.dropFirst(4))
    block[482] = fields.isEmpty ? 0 : 1
    block.replaceSubrange(483..<495, with: field(sparse.size))
    var result = TestEntry.withChecksum(block)
    while !fields.isEmpty {
      let more = Array(fields.prefix(21).joined())
      fields = Array(fields.dropFirst(21))
      result +=
        more + [UInt8](repeating: 0, count: 504 - more.count) + [fields.isEmpty ? 0 : 1]
        + [UInt8](repeating: 0, count: 7)
    }
    return result + TestEntry.padded(sparse.data)
  }

  private func random(_ random: inout SeededGenerator) -> Sparse {
    var sparse = Sparse()
    for _ in 0..<(random.once(in: 5) ? 60 : Int.random(in: 0...6, using: &random)) {
      sparse.size += random.once(in: 4) ? 0 : Int.random(in: 1...2000, using: &random)
      let bytes = random.bytes(Int.random(in: 1...700, using: &random))
      sparse.pieces.append((sparse.size, bytes))
      sparse.size += bytes.count
    }
    if random.once(in: 2) { sparse.size += Int.random(in: 1...200_000, using: &random) }
    return sparse
  }

  @Test func holesAreZerosInEveryForm() throws {
    for seed in Soak.seeds(60) {
      var generator = SeededGenerator(seed: seed)
      let sparse = random(&generator)
      for form in Form.allCases {
        let archive = bytes(sparse, form) + tar([TestEntry("next", "n")])
        let reader = TarReader(BytesReader(archive, pieceSize: 999), name: "test")
        let entry = try #require(try reader.next())
        #expect(entry.size == sparse.size && entry.kind == .file, "seed \(seed), \(form)")
        #expect(try reader.allBytes() == sparse.file, "seed \(seed), \(form)")
        #expect(try reader.next()?.name == "next")
        #expect(try reader.allBytes() == Array("n".utf8))
        let skipping = TarReader(BytesReader(archive), name: "test")
        _ = try skipping.next()
        #expect(try skipping.next()?.name == "next")
      }
    }
  }

  @Test func faultyMapsAreErrors() throws {
    let good = Sparse(pieces: [(100, [1, 2, 3]), (200, [4])], size: 300)
    var bad = [good, good, good, good]
    bad[0].size = 150
    bad[1].pieces[1].offset = 101
    bad[2].pieces[0].offset = 1 << 32
    bad[3].size = 1 << 30
    for (index, sparse) in bad.enumerated() {
      for form in Form.allCases where form != .gnu || sparse.size < 1 << 32 {
        let reader = TarReader(BytesReader(bytes(sparse, form)), name: "test", holes: 1 << 20)
        let failure = #expect(throws: Failure.self, "\(index), \(form)") { _ = try reader.next() }
        #expect(failure?.message.contains("hole") == true)
      }
    }
  }
}
