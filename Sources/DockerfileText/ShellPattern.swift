/// A pattern of `${X#…}`, `${X%…}` and `${X/…/…}`: `*`, `?` and the escapes `\*`, `\?`, `\\`.
///
/// Source: moby/buildkit `lex.go`, `convertShellPatternToRegex`.
struct ShellPattern {
  private enum Token {
    case any
    case one
    case scalar(Unicode.Scalar)
  }

  private var tokens: [Token] = []
  /// For comparisons of a token with a character.
  private let budget: ReadingBudget

  init(_ pattern: [Unicode.Scalar], _ budget: ReadingBudget) throws(ShellWord.Fault) {
    self.budget = budget
    var position = 0
    while position < pattern.count {
      let scalar = pattern[position]
      position += 1
      switch scalar {
      case "*": tokens.append(.any)
      case "?": tokens.append(.one)
      case "\\":
        let escaped = position < pattern.count ? pattern[position] : nil
        // `}` and `/` are escaped for the substitution's sake; the escape is no part of the pattern.
        if escaped == "}" || escaped == "/" { continue }
        guard let escaped, escaped == "*" || escaped == "?" || escaped == "\\" else {
          throw .syntax("'\\\(escaped.map(String.init) ?? "")' is no escape of a pattern")
        }
        tokens.append(.scalar(escaped))
        position += 1
      default: tokens.append(.scalar(scalar))
      }
    }
  }

  func removingPrefix(of text: [Unicode.Scalar], longest: Bool) throws(ShellWord.Fault) -> [Unicode.Scalar] {
    let ends = try ends(tokens, in: text, from: 0)
    guard let end = longest ? ends.last : ends.first else { return text }
    return Array(text[end...])
  }

  func removingSuffix(of text: [Unicode.Scalar], longest: Bool) throws(ShellWord.Fault) -> [Unicode.Scalar] {
    let ends = try ends(tokens.reversed(), in: text.reversed(), from: 0)
    guard let end = longest ? ends.last : ends.first else { return text }
    return Array(text.dropLast(end))
  }

  func replacing(
    in text: [Unicode.Scalar], with replacement: [Unicode.Scalar], everywhere: Bool
  ) throws(ShellWord.Fault) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var position = 0
    var lastEnd = -1
    while position <= text.count {
      // An empty match right after a match does not count.
      if let end = try ends(tokens, in: text, from: position).last, end > position || position != lastEnd {
        result += replacement
        if !everywhere { return result + text[end...] }
        lastEnd = end
        if end > position {
          position = end
          continue
        }
      }
      if position < text.count { result.append(text[position]) }
      position += 1
    }
    return result
  }

  /// Every end, ascending, of a match that begins at `start`.
  private func ends(
    _ tokens: [Token], in text: [Unicode.Scalar], from start: Int
  ) throws(ShellWord.Fault) -> [Int] {
    // `states[i]`: the first i tokens match what was read so far.
    var states = Array(repeating: false, count: tokens.count + 1)
    func skipAny(_ states: inout [Bool]) {
      for index in tokens.indices where states[index] {
        if case .any = tokens[index] { states[index + 1] = true }
      }
    }
    states[0] = true
    skipAny(&states)
    var ends: [Int] = []
    var position = start
    while true {
      if states[tokens.count] { ends.append(position) }
      guard position < text.count, states.contains(true) else { return ends }
      guard budget.spend(tokens.count + 1) else { throw .syntax(ReadingBudget.fault) }
      var following = Array(repeating: false, count: tokens.count + 1)
      for index in tokens.indices where states[index] {
        switch tokens[index] {
        case .any: following[index] = true
        case .one: following[index + 1] = true
        case .scalar(let scalar): if scalar == text[position] { following[index + 1] = true }
        }
      }
      skipAny(&following)
      states = following
      position += 1
    }
  }
}
