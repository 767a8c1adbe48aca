/// One line of an ignore file: moby's patternmatcher, where a pattern also matches all below what it matches.
///
/// Source: moby/patternmatcher `patternmatcher.go`, `Pattern.compile`, `MatchesOrParentMatches`.
struct IgnorePattern: Sendable {
  /// Whether it begins with `!`.
  let isException: Bool
  private let kind: Kind

  private enum Kind: Sendable {
    /// Components, each one a glob or `**`: nearly every pattern.
    case components([Component])
    /// `**TEXT` without a slash: any path that ends so.
    case ending([UInt8])
    /// What the fast forms do not say, such as `a**b` or a set that may match a slash.
    case general([Token])
  }

  private enum Component: Sendable {
    case glob(GlobComponent)
    case anyDirectories
  }

  enum Token: Sendable {
    case glob(GlobComponent.Token)
    /// Everything, slashes included: `**` at the end.
    case rest
    /// Nothing, or anything up to a slash: `**` elsewhere.
    case directories
  }

  /// Why a line is no pattern.
  enum Fault: Error {
    case loneException
    case malformed
  }

  /// The pattern without `!`, nil for a blank line.
  ///
  /// moby's reader cleans a line, and its matcher what came out, the `!` with it: what is cleaned away may uncover
  /// white space, and a slash behind that is no longer the context's.
  static func cleaned(_ line: String) -> (text: String, isException: Bool)? {
    var text = trimmed(line)
    guard !text.isEmpty else { return nil }
    let sign = text.utf8.first == Ascii.bang ? "!" : ""
    if !sign.isEmpty { text = trimmed(String(text.unicodeScalars.dropFirst())) }
    if !text.isEmpty { text = clean(text) }
    if text.utf8.first == Ascii.slash, text.utf8.count > 1 { text.unicodeScalars.removeFirst() }
    text = trimmed(sign + text)
    guard !text.isEmpty else { return nil }
    text = clean(text)
    let isException = text.utf8.first == Ascii.bang
    return (isException ? String(text.unicodeScalars.dropFirst()) : text, isException)
  }

  /// Go's `filepath.Clean`.
  private static func clean(_ text: String) -> String {
    let isRooted = text.utf8.first == Ascii.slash
    var kept: [String] = []
    for component in text.unicodeScalars.split(separator: "/").map({ String($0) }) where component != "." {
      if component == "..", let last = kept.last, last != ".." {
        kept.removeLast()
      } else if component != ".." || !isRooted {
        kept.append(component)
      }
    }
    return kept.isEmpty && !isRooted ? "." : (isRooted ? "/" : "") + kept.joined(separator: "/")
  }

  private static func trimmed(_ text: String) -> String {
    var text = text.unicodeScalars[...]
    while let first = text.first, first.properties.isWhitespace { text.removeFirst() }
    while let last = text.last, last.properties.isWhitespace { text.removeLast() }
    return String(text)
  }

  init?(line: String) throws(Fault) {
    guard let (text, isException) = Self.cleaned(line) else { return nil }
    if text.isEmpty { throw .loneException }
    self.isException = isException
    let bytes = Array(text.utf8)
    guard let tokens = GlobComponent.parse(bytes), !tokens.contains(where: Self.hasEmptyRange) else { throw .malformed }
    let parts = bytes.split(separator: Ascii.slash, omittingEmptySubsequences: false)
    let hasWide = parts.contains { Self.hasDoubleStar($0) && !$0.elementsEqual("**".utf8) }
    let components: [Component] = parts.compactMap { part in
      part.elementsEqual("**".utf8) ? .anyDirectories : GlobComponent(part).map { .glob($0) }
    }
    // Where a set has a slash in it, what stands between slashes is no pattern.
    if !hasWide, components.count == parts.count, !tokens.contains(where: Self.mayTakeSlash) {
      kind = .components(components)
    } else if let ending = Self.plainEnding(bytes) {
      kind = .ending(ending)
    } else {
      kind = .general(Self.general(bytes))
    }
  }

  /// Whether it is a set that matches a slash, which `filepath.Match` would not but moby's expression does.
  private static func mayTakeSlash(_ token: GlobComponent.Token) -> Bool {
    guard case .set(let isNegated, let ranges) = token else { return false }
    return GlobComponent.contains(UInt32(Ascii.slash), ranges) != isNegated
  }

  /// Whether it is a set such as `[z-a]`, which `filepath.Match` takes and moby's expression does not.
  private static func hasEmptyRange(_ token: GlobComponent.Token) -> Bool {
    guard case .set(_, let ranges) = token else { return false }
    return ranges.contains(GlobComponent.emptyRange)
  }

  private static func hasDoubleStar(_ part: ArraySlice<UInt8>) -> Bool {
    zip(part, part.dropFirst()).contains { $0 == Ascii.star && $1 == Ascii.star }
  }

  /// TEXT of `**TEXT`, when it has no wildcards.
  private static func plainEnding(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.starts(with: [Ascii.star, Ascii.star]) else { return nil }
    let rest = bytes.dropFirst(2)
    let isPlain = rest.allSatisfy {
      ![Ascii.star, Ascii.question, Ascii.open, Ascii.close, Ascii.backslash].contains($0)
    }
    return isPlain && !rest.isEmpty ? Array(rest) : nil
  }

  /// The tokens of moby's regular expression.
  static func general(_ bytes: [UInt8]) -> [Token] {
    var tokens: [Token] = []
    var start = 0
    var position = 0
    func flush(to end: Int) {
      tokens += (GlobComponent.parse(Array(bytes[start..<end])) ?? []).map { .glob($0) }
    }
    var isInSet = false
    while position < bytes.count {
      let byte = bytes[position]
      if byte == Ascii.backslash {
        position += 2
        continue
      }
      if byte == Ascii.open { isInSet = true } else if byte == Ascii.close { isInSet = false }
      if !isInSet, byte == Ascii.star, position + 1 < bytes.count, bytes[position + 1] == Ascii.star {
        flush(to: position)
        position += 2
        if position < bytes.count, bytes[position] == Ascii.slash { position += 1 }
        // One that follows another adds nothing.
        if case .directories = tokens.last { tokens.removeLast() }
        tokens.append(position == bytes.count ? .rest : .directories)
        start = position
      } else {
        position += 1
      }
    }
    flush(to: bytes.count)
    return tokens
  }

  // MARK: - Matching

  /// Whether it matches the path or a directory above it.
  func matches(_ path: [UInt8]) -> Bool {
    switch kind {
    case .components(let components): Self.matches(components, path)
    case .ending(let ending): Self.boundaries(path).contains { path[..<$0].suffix(ending.count).elementsEqual(ending) }
    case .general(let tokens): Self.matches(tokens, path)
    }
  }

  /// The ends of the path's directories and of the path.
  private static func boundaries(_ path: [UInt8]) -> [Int] {
    path.indices.filter { path[$0] == Ascii.slash } + [path.count]
  }

  /// Going back to the last `**` is enough: what stands before it matched as early as it could.
  private static func matches(_ components: [Component], _ path: [UInt8]) -> Bool {
    var (index, start) = (0, 0)
    var retry: (index: Int, start: Int)?
    while index < components.count {
      switch components[index] {
      case .glob(let glob):
        guard start <= path.count else { return false }
        let end = Self.end(of: path, from: start)
        if glob.matches(path, start, end) {
          (index, start) = (index + 1, end + 1)
          continue
        }
      case .anyDirectories:
        // At the end it stands for one component at least.
        guard start < path.count else { return false }
        if index == components.count - 1 { return true }
        index += 1
        retry = (index, start)
        continue
      }
      guard let last = retry else { return false }
      start = Self.end(of: path, from: last.start) + 1
      guard start < path.count else { return false }
      index = last.index
      retry = (index, start)
    }
    return true
  }

  private static func end(of path: [UInt8], from start: Int) -> Int {
    var end = start
    while end < path.count, path[end] != Ascii.slash { end += 1 }
    return end
  }

  /// Every way at once: `states` are the numbers of tokens that match what was read.
  private static func matches(_ tokens: [Token], _ path: [UInt8]) -> Bool {
    // A set or `?` takes a character of up to four bytes: states wait at the position where it ends.
    var waiting = Array(repeating: [Int](), count: 5)
    waiting[0] = [0]
    /// Where each state was last reached.
    var reached = Array(repeating: -1, count: tokens.count + 1)
    // A `**` that was entered stays so: it may end after any later slash.
    var entered: [Int] = []
    var isEntered = Array(repeating: false, count: tokens.count)
    var states: [Int] = []
    for position in 0...path.count {
      func reach(_ state: Int) {
        if reached[state] == position { return }
        reached[state] = position
        states.append(state)
      }
      states.removeAll(keepingCapacity: true)
      waiting[position % 5].forEach(reach)
      waiting[position % 5].removeAll(keepingCapacity: true)
      if position > 0, path[position - 1] == Ascii.slash { for state in entered { reach(state + 1) } }
      var next = 0
      while next < states.count {
        let state = states[next]
        next += 1
        guard state < tokens.count else { continue }
        switch tokens[state] {
        case .directories:
          if !isEntered[state] { entered.append(state) }
          isEntered[state] = true
          reach(state + 1)
        case .rest: return true
        case .glob(.star): reach(state + 1)
        case .glob: break
        }
      }
      if states.isEmpty, entered.isEmpty, waiting.allSatisfy(\.isEmpty) { return false }
      let isBoundary = position == path.count || path[position] == Ascii.slash
      if isBoundary, reached[tokens.count] == position { return true }
      if position == path.count { return false }
      for state in states where state < tokens.count {
        guard case .glob(let token) = tokens[state] else { continue }
        if case .star = token {
          if path[position] != Ascii.slash { waiting[(position + 1) % 5].append(state) }
        } else if case .one = token, path[position] == Ascii.slash {
          continue
        } else if let length = GlobComponent.step(token, path, position, path.count) {
          waiting[(position + length) % 5].append(state + 1)
        }
      }
    }
    return false
  }

  /// Whether it may match something strictly below a directory that it does not match itself; never wrongly false.
  func mayMatch(below directory: [UInt8]) -> Bool {
    guard case .components(let components) = kind else { return true }
    var start = 0
    for component in components {
      guard start < directory.count else { return true }
      switch component {
      case .anyDirectories: return true
      case .glob(let glob):
        let end = Self.end(of: directory, from: start)
        guard glob.matches(directory, start, end) else { return false }
        start = end + 1
      }
    }
    // All of it matched at or above the directory.
    return false
  }
}
