/// Paths as a shell's patterns name them: `*` and `?` stand for no slash, `[…]` for one of some characters.
struct PathPattern: Sendable {
  private let parts: [[Character]]

  init(_ text: String) { parts = text.split(separator: "/").map(Array.init) }

  /// Whether a path, or a directory that it lies in, is meant.
  func covers(_ path: [[UInt8]]) -> Bool {
    guard !parts.isEmpty, path.count >= parts.count else { return false }
    return zip(parts, path).allSatisfy { Self.matches($0[...], Array(String(decoding: $1, as: UTF8.self))[...]) }
  }

  private static func matches(_ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>) -> Bool {
    // Where to go on when what follows the last star does not fit.
    var (pattern, name, retry) = (pattern, name, (ArraySlice<Character>, ArraySlice<Character>)?.none)
    while true {
      if pattern.first == "*" {
        pattern.removeFirst()
        retry = (pattern, name)
        continue
      }
      if let character = name.first, let rest = step(pattern, character) {
        (pattern, name) = (rest, name.dropFirst())
        continue
      }
      if pattern.isEmpty, name.isEmpty { return true }
      guard let (after, from) = retry, !from.isEmpty else { return false }
      retry = (after, from.dropFirst())
      (pattern, name) = (after, from.dropFirst())
    }
  }

  /// What is left of a pattern behind one character that fits; nil when it does not.
  private static func step(_ pattern: ArraySlice<Character>, _ character: Character) -> ArraySlice<Character>? {
    guard let first = pattern.first else { return nil }
    switch first {
    case "?": return pattern.dropFirst()
    case "\\" where pattern.count > 1:
      return pattern.dropFirst().first == character ? pattern.dropFirst(2) : nil
    case "[":
      var rest = pattern.dropFirst()
      let isNegated = rest.first == "!" || rest.first == "^"
      if isNegated { rest.removeFirst() }
      guard let close = rest.dropFirst().firstIndex(of: "]") else {
        return first == character ? pattern.dropFirst() : nil
      }
      let set = Array(rest[..<close])
      var (fits, index) = (false, 0)
      while index < set.count {
        if index + 2 < set.count, set[index + 1] == "-" {
          if set[index] <= character, character <= set[index + 2] { fits = true }
          index += 3
        } else {
          if set[index] == character { fits = true }
          index += 1
        }
      }
      return fits != isNegated ? rest[rest.index(after: close)...] : nil
    default: return first == character ? pattern.dropFirst() : nil
    }
  }
}
