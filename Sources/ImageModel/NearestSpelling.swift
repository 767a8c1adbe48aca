/// The "did you mean" of every diagnostic.
package enum NearestSpelling {
  /// The candidate that a typing mistake turns into `word`, or nil when none is near: at most a third of the longer
  /// word's letters may differ (at least one), case does not count, and the first of equals wins.
  package static func of(_ word: String, among candidates: some Sequence<String>) -> String? {
    guard let typed = letters(word) else { return nil }
    var best: (word: String, distance: Int)?
    for candidate in candidates {
      guard let letters = letters(candidate) else { continue }
      let longer = max(typed.count, letters.count)
      let limit = max(1, longer / 3)
      guard longer > 1, abs(typed.count - letters.count) <= limit else { continue }
      let distance = Self.distance(typed, letters)
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
  }

  /// In lower case; nil for over a hundred, which nobody mistypes: comparing takes the product of both lengths.
  private static func letters(_ word: String) -> [Unicode.Scalar]? {
    guard word.unicodeScalars.dropFirst(100).isEmpty else { return nil }
    return Array(word.lowercased().unicodeScalars)
  }

  /// Damerau–Levenshtein (optimal string alignment): insertions, deletions, substitutions and swaps of neighbours.
  private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 1...left.count {
      var current = [row] + Array(repeating: 0, count: right.count)
      for column in 1...right.count {
        let cost = left[row - 1] == right[column - 1] ? 0 : 1
        var best = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + cost)
        if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
          best = min(best, beforeLast[column - 2] + 1)
        }
        current[column] = best
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
