internal import ImageModel

/// What one Dockerfile may take beyond its own length: what words expand to, what patterns compare, what triggers repeat.
///
/// Without a limit a file of a few KiB takes minutes and gigabytes: values hold each other, and every stage runs
/// the triggers of its base. No Dockerfile that a person wrote needs a hundredth of it.
final class ReadingBudget {
  private var rest = 1 << 22

  private var suggestions = 20

  static let fault = "what this Dockerfile expands and repeats is too much to read"

  /// Whether that much was left.
  func spend(_ amount: Int) -> Bool {
    rest = max(-1, rest - amount)
    return rest >= 0
  }

  /// The known word that is meant. Of a long list of misspellings the first are looked up: a file of nothing else, which
  /// is no Dockerfile, has thousands.
  func nearest(_ word: String, among known: [String]) -> String? {
    guard suggestions > 0 else { return nil }
    suggestions -= 1
    return NearestSpelling.of(word, among: known)
  }
}
