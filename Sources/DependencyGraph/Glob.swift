/// A shell pattern over a whole text: `*` (also over `/` and `:`), `?`, `[abc]`, `[!a-z]`.
package struct Glob: Sendable {
  private let pattern: [Character]

  package init(_ pattern: String) { self.pattern = Array(pattern) }

  /// - Complexity: the product of both lengths at worst.
  package func matches(_ text: String) -> Bool {
    let text = Array(text)
    var (position, place) = (0, 0)
    var retry: (pattern: Int, text: Int)?
    while place < text.count {
      if position < pattern.count, pattern[position] == "*" {
        retry = (position + 1, place)
        position += 1
      } else if let next = match(text[place], at: position) {
        position = next
        place += 1
      } else if let last = retry {
        retry = (last.pattern, last.text + 1)
        (position, place) = (last.pattern, last.text + 1)
      } else {
        return false
      }
    }
    return pattern[position...].allSatisfy { $0 == "*" }
  }

  /// The position after the element at `position` if it takes `character`.
  private func match(_ character: Character, at position: Int) -> Int? {
    guard position < pattern.count else { return nil }
    switch pattern[position] {
    case "?": return position + 1
    case "[":
      var members = pattern[(position + 1)...]
      let isNegated = members.first == "!" || members.first == "^"
      if isNegated { members = members.dropFirst() }
      // A bracket that comes first is a member.
      guard let end = members.dropFirst().firstIndex(of: "]") else { break }
      members = members[..<end]
      var isMember = false
      while let first = members.popFirst() {
        if members.count >= 2, members.first == "-" {
          let last = members[members.index(after: members.startIndex)]
          isMember = isMember || (first <= last && (first...last).contains(character))
          members = members.dropFirst(2)
        } else {
          isMember = isMember || first == character
        }
      }
      return isMember != isNegated ? end + 1 : nil
    default: break
    }
    return pattern[position] == character ? position + 1 : nil
  }
}
