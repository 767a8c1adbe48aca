/// A joined instruction taken apart: keyword, flags, arguments.
///
/// Source: moby/buildkit `split_command.go`.
struct InstructionText {
  struct Flag {
    /// Without `--`.
    var name: String
    /// Nil for a flag without `=`.
    var value: MappedText?
    var start: Int
  }

  /// In upper case.
  var keyword: String
  var flags: [Flag] = []
  /// After the flags, trimmed.
  var arguments: MappedText
  /// After the keyword, trimmed: flags and arguments.
  var rest: MappedText
  var start: Int

  let escape: UInt8

  init(_ line: MappedText, escape: UInt8) {
    let line = line.trimmed
    self.escape = escape
    start = line.start
    let end = line.bytes.firstIndex(where: Ascii.isSpace) ?? line.count
    keyword = String(decoding: line.bytes[..<end].map(Ascii.uppercased), as: UTF8.self)
    rest = line.dropFirst(end).trimmed
    arguments = rest
    readFlags()
  }

  /// What counts of it: white space around keyword and arguments does not.
  var canonical: [UInt8] { Array(keyword.utf8) + (rest.isEmpty ? [] : [Ascii.space] + rest.bytes) }

  private mutating func readFlags() {
    var position = 0
    while position < rest.count {
      if Self.endsFlag(rest.bytes[position]) {
        position += 1
        continue
      }
      guard rest.bytes[position...].starts(with: "--".utf8) else { break }
      let (word, end) = flagWord(at: position)
      position = end
      if word.bytes.elementsEqual("--".utf8) { break }
      let equals = word.bytes.firstIndex(of: Ascii.equals)
      flags.append(
        Flag(
          name: word[2..<max(2, equals ?? word.count)].text, value: equals.map { word.dropFirst($0 + 1) },
          start: word.start))
    }
    arguments = rest.dropFirst(position).trimmed
  }

  /// BuildKit looks for flags byte by byte, so a byte within a character can be a blank to it.
  private static func endsFlag(_ byte: UInt8) -> Bool { Ascii.isSpace(byte) || byte == 0x85 || byte == 0xA0 }

  /// The flags as they are written; a `--` that ends them is one of them.
  var writtenFlags: [MappedText] {
    var words: [MappedText] = []
    let length = rest.count - arguments.count
    var position = 0
    while position < length {
      if Self.endsFlag(rest.bytes[position]) {
        position += 1
        continue
      }
      let end = flagWord(at: position).end
      words.append(rest[position..<end])
      position = end
    }
    return words
  }

  /// The word without its quotes, and where it ends.
  private func flagWord(at start: Int) -> (MappedText, end: Int) {
    var word = MappedText(at: rest.offsets[start])
    var quote: UInt8?
    var position = start
    while position < rest.count {
      let byte = rest.bytes[position]
      if byte == quote {
        quote = nil
      } else if quote == nil, Self.endsFlag(byte) {
        break
      } else if quote == nil, byte == Ascii.quote || byte == Ascii.apostrophe {
        quote = byte
      } else if byte == escape {
        position += 1
        if position < rest.count { word.append(rest.bytes[position], at: rest.offsets[position]) }
      } else {
        word.append(byte, at: rest.offsets[position])
      }
      position += 1
    }
    return (word, min(position, rest.count))
  }

  func flag(_ name: String) -> Flag? { flags.last { $0.name == name } }

  /// Whether a flag such as `--link` or `--link=true` is set.
  func isSet(_ name: String) -> Bool {
    guard let flag = flag(name) else { return false }
    return flag.value?.text.lowercased() != "false"
  }

  /// `NAME=VALUE` and `NAME` words: quotes stay in them.
  ///
  /// Source: moby/buildkit `line_parsers.go`, `parseWords`.
  var assignments: [MappedText] {
    let text = arguments
    var words: [MappedText] = []
    var start: Int?
    var quote: UInt8?
    var position = 0
    while position < text.count {
      let byte = text.bytes[position]
      if quote == nil, Ascii.isSpace(byte) {
        if let first = start { words.append(text[first..<position]) }
        start = nil
      } else {
        if start == nil { start = position }
        if byte == quote {
          quote = nil
        } else if quote == nil, byte == Ascii.quote || byte == Ascii.apostrophe {
          quote = byte
        } else if byte == escape, quote != Ascii.apostrophe {
          position += 1
        }
      }
      position += 1
    }
    if let first = start { words.append(text[first..<text.count]) }
    return words
  }
}
