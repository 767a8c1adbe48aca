import TestSupport
import Testing

@testable import BuildRecords

/// Diffs, against the table of the longest common subsequence.
struct SequenceDiffTests {
  private static func sequence(_ random: inout SeededGenerator, _ longest: Int, _ letters: Int) -> [Int] {
    (0..<Int.random(in: 0...longest, using: &random)).map { _ in Int.random(in: 0..<letters, using: &random) }
  }

  /// What the edits make of `old`; nil when they do not fit it.
  private static func applied(_ edits: [SequenceDiff.Edit], to old: [Int], inserting new: [Int]) -> [Int]? {
    var result: [Int] = []
    var position = 0
    for edit in edits {
      switch edit {
      case .keep(let first, let second):
        guard first == position, second == result.count, old.indices.contains(first) else { return nil }
        result.append(old[first])
        position += 1
      case .remove(let index):
        guard index == position else { return nil }
        position += 1
      case .insert(let index):
        guard index == result.count, new.indices.contains(index) else { return nil }
        result.append(new[index])
      }
    }
    return position == old.count ? result : nil
  }

  @Test func editsLeadFromOneToTheOtherOnAShortestWay() {
    for seed in Soak.seeds(2000) {
      var random = SeededGenerator(seed: seed)
      let letters = Int.random(in: 1...6, using: &random)
      let (old, new) = (Self.sequence(&random, 14, letters), Self.sequence(&random, 14, letters))
      let edits = SequenceDiff.edits(from: old, to: new)
      #expect(Self.applied(edits, to: old, inserting: new) == new, "seed \(seed): \(old) \(new)")
      let cost = edits.count { if case .keep = $0 { false } else { true } }
      #expect(cost == old.count + new.count - 2 * CommonSubsequence.length(old, new), "seed \(seed): \(old) \(new)")
    }
  }

  @Test func beyondTheLimitTheEditsAreRightStill() {
    for seed in Soak.seeds(500) {
      var random = SeededGenerator(seed: seed)
      let (old, new) = (Self.sequence(&random, 30, 3), Self.sequence(&random, 30, 3))
      let edits = SequenceDiff.edits(from: old, to: new, limit: Int.random(in: 0...5, using: &random))
      #expect(Self.applied(edits, to: old, inserting: new) == new, "seed \(seed)")
    }
  }

  @Test func textsThatHaveNothingInCommonAreComparedAtOnce() {
    let (old, new) = (Array(0..<30_000), Array(40_000..<70_000))
    #expect(SequenceDiff.edits(from: old, to: new).count == 60_000)
  }
}
