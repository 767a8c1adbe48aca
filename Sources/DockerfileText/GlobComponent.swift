/// A pattern for one component of a path, as Go's `filepath.Match`: `*`, `?`, `[a-z]`, `[^a]`, `\x`.
struct GlobComponent: Sendable {
  enum Token: Sendable {
    case byte(UInt8)
    /// One character, not a slash.
    case one
    /// Any number of characters, no slash.
    case star
    case set(isNegated: Bool, ranges: [ClosedRange<UInt32>])
  }

  private enum Kind: Sendable {
    case literal([UInt8])
    case any
    /// `*SUFFIX`.
    case suffix([UInt8])
    case tokens([Token])
  }

  private let kind: Kind

  /// Nil when the pattern is malformed.
  init?(_ pattern: some Collection<UInt8>, isPattern: Bool = true) {
    if !isPattern {
      kind = .literal(Array(pattern))
      return
    }
    guard let tokens = Self.parse(Array(pattern)) else { return nil }
    let plain = tokens.compactMap { if case .byte(let byte) = $0 { byte } else { nil } }
    if plain.count == tokens.count {
      kind = .literal(plain)
    } else if case .star = tokens[0], plain.count == tokens.count - 1 {
      kind = plain.isEmpty ? .any : .suffix(plain)
    } else {
      kind = .tokens(tokens)
    }
  }

  /// The name that it means when it has no wildcards.
  var literal: [UInt8]? { if case .literal(let bytes) = kind { bytes } else { nil } }

  static func parse(_ pattern: [UInt8]) -> [Token]? {
    var tokens: [Token] = []
    var position = 0
    while position < pattern.count {
      let byte = pattern[position]
      position += 1
      switch byte {
      case Ascii.star:
        if case .star = tokens.last { continue }
        tokens.append(.star)
      case Ascii.question: tokens.append(.one)
      case Ascii.backslash:
        guard position < pattern.count else { return nil }
        tokens.append(.byte(pattern[position]))
        position += 1
      case Ascii.open:
        guard let (set, end) = parseSet(pattern, from: position) else { return nil }
        tokens.append(set)
        position = end
      default: tokens.append(.byte(byte))
      }
    }
    return tokens
  }

  /// Stands for `z-a`; no character lies in it.
  static let emptyRange = UInt32.max...UInt32.max

  private static func parseSet(_ pattern: [UInt8], from start: Int) -> (Token, end: Int)? {
    var position = start
    let isNegated = position < pattern.count && pattern[position] == Ascii.caret
    if isNegated { position += 1 }
    var ranges: [ClosedRange<UInt32>] = []
    func character() -> UInt32? {
      guard position < pattern.count, pattern[position] != Ascii.dash, pattern[position] != Ascii.close else {
        return nil
      }
      if pattern[position] == Ascii.backslash {
        position += 1
        guard position < pattern.count else { return nil }
      }
      let (value, length) = decode(pattern, at: position, end: pattern.count)
      position += length
      return value
    }
    while position < pattern.count {
      if pattern[position] == Ascii.close, !ranges.isEmpty {
        return (.set(isNegated: isNegated, ranges: ranges), position + 1)
      }
      guard let low = character() else { return nil }
      var high = low
      if position < pattern.count, pattern[position] == Ascii.dash {
        position += 1
        guard let end = character() else { return nil }
        high = end
      }
      // An empty range is valid and matches nothing.
      ranges.append(low <= high ? low...high : Self.emptyRange)
    }
    return nil
  }

  /// The character at an offset and its length; a byte that is no UTF-8 counts as one character.
  static func decode(_ bytes: [UInt8], at offset: Int, end: Int) -> (UInt32, Int) {
    let lead = bytes[offset]
    let length = Ascii.sequenceLength(lead)
    guard length > 1, offset + length <= end else { return (lead < 0x80 ? UInt32(lead) : 0xFFFD, 1) }
    var value = UInt32(lead) & (0x7F >> UInt32(length))
    for index in offset + 1..<offset + length {
      guard bytes[index] & 0xC0 == 0x80 else { return (0xFFFD, 1) }
      value = value << 6 | UInt32(bytes[index] & 0x3F)
    }
    return (value, length)
  }

  static func contains(_ character: UInt32, _ ranges: [ClosedRange<UInt32>]) -> Bool {
    ranges.contains { $0.contains(character) }
  }

  /// Whether it matches the component at `start..<end`.
  func matches(_ path: [UInt8], _ start: Int, _ end: Int) -> Bool {
    switch kind {
    case .any: return true
    case .literal(let bytes): return bytes.count == end - start && Self.hasBytes(bytes, path, at: start)
    case .suffix(let bytes): return end - start >= bytes.count && Self.hasBytes(bytes, path, at: end - bytes.count)
    case .tokens(let tokens): return Self.matches(tokens, path, start, end)
    }
  }

  static func hasBytes(_ bytes: [UInt8], _ path: [UInt8], at offset: Int) -> Bool {
    for index in bytes.indices where bytes[index] != path[offset + index] { return false }
    return true
  }

  /// Within one component going back to the last star is enough.
  private static func matches(_ tokens: [Token], _ path: [UInt8], _ start: Int, _ end: Int) -> Bool {
    var position = start
    var index = 0
    var retry: (index: Int, position: Int)?
    while true {
      if index == tokens.count, position == end { return true }
      if index < tokens.count, case .star = tokens[index] {
        index += 1
        retry = (index, position)
        continue
      }
      if index < tokens.count, position < end, let length = step(tokens[index], path, position, end) {
        index += 1
        position += length
        continue
      }
      guard let last = retry, last.position < end else { return false }
      retry = (last.index, last.position + 1)
      index = last.index
      position = last.position + 1
    }
  }

  /// How many bytes the token takes at a position; nil when it does not match.
  static func step(_ token: Token, _ path: [UInt8], _ position: Int, _ end: Int) -> Int? {
    switch token {
    case .byte(let byte): return path[position] == byte ? 1 : nil
    case .one: return decode(path, at: position, end: end).1
    case .set(let isNegated, let ranges):
      let (character, length) = decode(path, at: position, end: end)
      return contains(character, ranges) != isNegated ? length : nil
    case .star: return nil
    }
  }
}
