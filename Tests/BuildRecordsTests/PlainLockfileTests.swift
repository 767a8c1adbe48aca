import ImageModel
import TestSupport
import Testing

@testable import BuildRecords

/// The quick reader of lockfiles says what the careful one says, or leaves it to that.
struct PlainLockfileTests {
  private static let file: FilePath = "coppice.lock"

  private static func read(_ text: String) -> (Lockfile, [Diagnostic])? {
    try? LockfileReader.read(text, file: file)
  }

  /// A comment at the end is nothing that the writer writes.
  private static func carefully(_ text: String) -> (Lockfile, [Diagnostic])? {
    read(text + (text.hasSuffix("\n") ? "" : "\n") + "# the end\n")
  }

  private static func isPlain(_ text: String) -> Bool {
    Array(text.utf8).withUnsafeBytes { PlainLockfile.read($0) { _ in Lockfile() } != nil }
  }

  @Test func itReadsWhatIsWritten() throws {
    for seed in Soak.seeds(400) {
      var random = SeededGenerator(seed: seed)
      let isPlain = random.once(in: 2)
      let lockfile = RandomRecords.lockfile(&random, ids: isPlain ? RandomRecords.plainIDs : RandomRecords.ids)
      let text = LockfileWriter.text(lockfile)
      let (quick, careful) = (try #require(Self.read(text)), try #require(Self.carefully(text)))
      #expect(quick.0 == lockfile && careful.0 == lockfile, "seed \(seed)")
      #expect(quick.1.isEmpty && careful.1.isEmpty, "seed \(seed)")
      // Else both would be the careful one.
      #expect(Self.isPlain(text) || !isPlain, "seed \(seed)")
      #expect(!Self.isPlain(text + "# the end\n"), "seed \(seed)")
    }
  }

  @Test func ofDamagedFilesItSaysWhatTheCarefulOneSays() throws {
    for seed in Soak.seeds(1_500) {
      var random = SeededGenerator(seed: seed)
      let ids = random.once(in: 2) ? RandomRecords.plainIDs : RandomRecords.ids
      var text = Array(LockfileWriter.text(RandomRecords.lockfile(&random, ids: ids)).utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<max(1, text.count), using: &random)
        let other = Int.random(in: place...min(text.count, place + 90), using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: text = Array(text[..<place])
        case 1: text.removeSubrange(place..<other)
        case 2: text.insert(contentsOf: text[place..<other], at: place)
        case 3: text.insert(contentsOf: Array("\n".utf8), at: place)
        case 4: text.insert(contentsOf: Array("=======\n".utf8), at: place)
        default: if place < text.count { text[place] ^= 1 << UInt8.random(in: 0..<7, using: &random) }
        }
      }
      let damaged = String(decoding: text, as: UTF8.self)
      let (quick, careful) = (Self.read(damaged), Self.carefully(damaged))
      #expect(quick?.0 == careful?.0, "seed \(seed)")
      #expect(quick?.1.isEmpty == careful?.1.isEmpty, "seed \(seed)")
    }
  }

  @Test func wherePlainFilesAreCutItSaysWhatTheCarefulOneSays() throws {
    var random = SeededGenerator(seed: 5)
    let text = Array(LockfileWriter.text(RandomRecords.lockfile(&random, ids: RandomRecords.plainIDs)).utf8)
    for count in 0...text.count {
      let cut = String(decoding: text[..<count], as: UTF8.self)
      let (quick, careful) = (Self.read(cut), Self.carefully(cut))
      #expect(quick?.0 == careful?.0 && quick?.1.isEmpty == careful?.1.isEmpty, "cut at \(count)")
    }
    #expect(!Self.isPlain("coppice: 1\nartifacts:"))
  }

  @Test func lineFeedsAreFoundWhereTheyAre() {
    for seed in Soak.seeds(400) {
      var random = SeededGenerator(seed: seed)
      let rarity = [2, 10, 100].randomElement(using: &random) ?? 2
      let count = random.once(in: 40) ? 20_000 : Int.random(in: 0...200, using: &random)
      let text = (0..<count).map { _ in UInt8(ascii: random.once(in: rarity) ? "\n" : "x") }
      let start = Int.random(in: 0...count, using: &random)
      let filled = zip(text, text.dropFirst()).count { $0 != UInt8(ascii: "\n") && $1 == UInt8(ascii: "\n") }
      text.withUnsafeBytes { bytes in
        #expect(bytes.firstLineFeed(from: start) == text[start...].firstIndex(of: UInt8(ascii: "\n")), "seed \(seed)")
        #expect(bytes.filledLineCount == filled, "seed \(seed)")
      }
    }
  }
}
