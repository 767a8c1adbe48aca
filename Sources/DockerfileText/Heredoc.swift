/// One `<<NAME` of a RUN, COPY or ADD instruction.
///
/// Source: moby/buildkit `parser.go`, `heredocFromMatch`.
struct Heredoc: Sendable {
  var name: String
  /// `<<-`: tabs that begin a line do not count.
  var stripsTabs: Bool
  /// Whether variables are expanded in the body: no part of the name is quoted.
  var expands: Bool
  var body: [UInt8] = []

  /// The heredocs that an instruction announces, in order.
  static func announced(by line: MappedText, escape: UInt8) -> [Heredoc] {
    // Nearly no line has one; the lexer is only asked where there may be.
    guard zip(line.bytes, line.bytes.dropFirst()).contains(where: { $0 == "<" && $1 == "<" }) else { return [] }
    var instruction = InstructionText(line, escape: escape)
    if instruction.keyword == "ONBUILD" { instruction = InstructionText(instruction.arguments, escape: escape) }
    guard ["RUN", "COPY", "ADD"].contains(instruction.keyword) else { return [] }
    if case .strings = JSONStrings(instruction.arguments.bytes) { return [] }
    var lexer = ShellWord(line.text, escape: "\\", variables: .literal)
    lexer.keepsQuotes = true
    lexer.keepsEscapes = true
    guard let words = try? lexer.expand().words else { return [] }
    return words.compactMap { Heredoc(word: $0) }
  }

  /// A word `[FD]<<[-]NAME`, blanks before the name allowed; nil for every other word.
  init?(word: String) {
    var rest = word.unicodeScalars.drop { ("0"..."9").contains($0) }
    guard rest.starts(with: "<<".unicodeScalars) else { return nil }
    rest = rest.dropFirst(2)
    stripsTabs = rest.first == "-"
    if stripsTabs { rest = rest.dropFirst() }
    rest = rest.drop { " \t\r\n\u{C}".unicodeScalars.contains($0) }
    guard !rest.isEmpty, !rest.contains("<") else { return nil }
    let lexer = ShellWord(String(rest), escape: "\\", variables: .literal)
    guard let plain = try? lexer.expand().words, plain.count == 1, let name = plain.first else { return nil }
    var quoting = lexer
    quoting.keepsQuotes = true
    guard let raw = try? quoting.expand().words.first else { return nil }
    self.name = name
    let isQuote = { (scalar: Unicode.Scalar) in scalar == "'" || scalar == "\"" }
    expands = name.unicodeScalars.count(where: isQuote) == raw.unicodeScalars.count(where: isQuote)
  }
}

extension UInt8 {
  fileprivate static func == (left: UInt8, right: Unicode.Scalar) -> Bool { UInt32(left) == right.value }
}
