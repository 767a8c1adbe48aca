internal import ImageModel

/// Finds the option, command or choice that a word may have meant.
enum Suggestion {
  /// The candidate that the word abbreviates, else the nearest in spelling.
  static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let others = candidates.filter { $0 != word }
    if word.count >= 3, let longer = others.first(where: { $0.hasPrefix(word) }) { return longer }
    return NearestSpelling.of(word, among: others)
  }
}
