import BuildRecords
import TestSupport
import Testing

/// The lines that `explain` shows of a changed text.
struct TextDiffTests {
  private static func diff(_ old: String, _ new: String, limit: Int = 60) -> [String] {
    TextDiff.lines(from: Array(old.utf8), to: Array(new.utf8), limit: limit)
  }

  @Test func aChangedLineStandsBetweenItsNeighbours() {
    #expect(
      Self.diff("1\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\nfour\n5\n6\n7\n") == [
        "@@ -2,5 +2,5 @@", " 2", " 3", "-4", "+four", " 5", " 6",
      ])
    #expect(Self.diff("", "a\n") == ["@@ -0,0 +1 @@", "+a"])
    #expect(Self.diff("a\n", "") == ["@@ -1 +0,0 @@", "-a"])
    #expect(Self.diff("a\n", "a\n") == [])
  }

  @Test func farChangesAreHunksOfTheirOwnAndNearOnesOne() {
    let lines = (1...20).map { "\($0)\n" }
    var far = lines
    (far[1], far[17]) = ("two\n", "x\n")
    #expect(Self.diff(lines.joined(), far.joined()).count { $0.hasPrefix("@@") } == 2)
    var near = lines
    (near[1], near[6]) = ("two\n", "x\n")
    #expect(Self.diff(lines.joined(), near.joined()).count { $0.hasPrefix("@@") } == 1)
  }

  @Test func aMissingLineFeedAtTheEndIsAChange() {
    #expect(Self.diff("a\n", "a") == ["@@ -1 +1 @@", "-a", "+a", "\\ No newline at end of file"])
  }

  @Test func carriageReturnsAreChanges() {
    #expect(Self.diff("a\r\nb\r\n", "a\nb\r\n") == ["@@ -1,2 +1,2 @@", "-a\r", "+a", " b\r"])
  }

  @Test func whatIsLeftOutIsCounted() {
    let (old, new) = ((1...50).map { "\($0)\n" }.joined(), (101...150).map { "\($0)\n" }.joined())
    let lines = Self.diff(old, new, limit: 11)
    #expect(lines.count == 12)
    #expect(lines.last == "… 90 more changed lines")
    #expect(Self.diff("a\n", "b\n", limit: 2).last == "… 1 more changed line")
  }

  @Test func bytesThatAreNoTextDoNotCrash() {
    for seed in Soak.seeds(300) {
      var random = SeededGenerator(seed: seed)
      let old = random.bytes(Int.random(in: 0...80, using: &random)).map { $0 % 5 == 0 ? UInt8(ascii: "\n") : $0 }
      let new = random.bytes(Int.random(in: 0...80, using: &random)).map { $0 % 5 == 0 ? UInt8(ascii: "\n") : $0 }
      #expect(TextDiff.lines(from: old, to: new).isEmpty == (old == new), "seed \(seed)")
    }
  }

  /// What patch(1) would make of the first text.
  @Test func hunksLeadFromOneTextToTheOther() {
    for seed in Soak.seeds(500) {
      var random = SeededGenerator(seed: seed)
      func text() -> [String] { (0..<Int.random(in: 0...20, using: &random)).map { _ in "\(random.next() % 4)" } }
      let (old, new) = (text(), text())
      var result: [String] = []
      var position = 0
      for line in Self.diff(old.map { $0 + "\n" }.joined(), new.map { $0 + "\n" }.joined(), limit: .max) {
        if line.hasPrefix("@@") {
          let first = line.split(whereSeparator: { " ,-".contains($0) }).dropFirst().first.flatMap { Int($0) } ?? 0
          while position < first - 1 {
            result.append(old[position])
            position += 1
          }
        } else if line.first == "+" {
          result.append(String(line.dropFirst()))
        } else {
          #expect(position < old.count && old[position] == line.dropFirst(), "seed \(seed)")
          if line.first == " " { result.append(String(line.dropFirst())) }
          position += 1
        }
      }
      #expect(result + old[min(position, old.count)...] == new, "seed \(seed)")
    }
  }
}
