internal import ImageModel

/// A Dockerfile cut into directives and instructions: what BuildKit's `parser` does before it looks at keywords.
///
/// Source: moby/buildkit `frontend/dockerfile/parser/parser.go`, `directives.go`.
struct DockerfileLines {
  struct Directive {
    var name: String
    var value: MappedText
    var start: Int
  }

  /// One instruction: its lines joined as the engine sees them, and its heredocs.
  struct Instruction {
    var text: MappedText
    var heredocs: [Heredoc] = []
  }

  private(set) var directives: [Directive] = []
  private(set) var instructions: [Instruction] = []
  private(set) var diagnostics: [Diagnostic] = []
  private(set) var escape = Ascii.backslash

  private let source: SourceText
  private var nextLine = 0
  private var areDirectivesOver = false
  private lazy var heredocEnds = HeredocEnds(source.lineRanges.map { Self.withoutLineEnd(source.bytes[$0]) })

  init(_ source: SourceText) {
    self.source = source
    while let line = takeLine() {
      let content = Self.withoutIndentation(line)
      readDirective(content, isIndented: content.startIndex != line.startIndex)
      if content.isEmpty || content.first == Ascii.hash { continue }
      readInstruction(first: content)
    }
  }

  /// The next line without its line end.
  private mutating func takeLine() -> ArraySlice<UInt8>? {
    guard let raw = takeRawLine() else { return nil }
    var line = source.bytes[raw]
    if raw.lowerBound == 0, line.starts(with: Ascii.byteOrderMark) { line = line.dropFirst(3) }
    return Self.withoutLineEnd(line)
  }

  private mutating func takeRawLine() -> Range<Int>? {
    guard nextLine < source.lineRanges.count, !source.lineRanges[nextLine].isEmpty else { return nil }
    defer { nextLine += 1 }
    return source.lineRanges[nextLine]
  }

  private static func withoutLineEnd(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var line = line
    while let last = line.last, last == Ascii.newline || last == Ascii.carriageReturn { line = line.dropLast() }
    return line
  }

  /// Go's `unicode.IsSpace` decides what is indentation, so a no-break space is.
  private static func withoutIndentation(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var line = line
    while let first = line.first {
      if first < 0x80 {
        guard Ascii.isSpace(first) else { break }
        line = line.dropFirst()
      } else {
        let sequence = line.prefix(Ascii.sequenceLength(first))
        let scalar = String(decoding: sequence, as: UTF8.self).unicodeScalars.first
        guard let scalar, scalar.properties.isWhitespace else { break }
        line = line.dropFirst(sequence.count)
      }
    }
    return line
  }

  // MARK: - Directives

  private mutating func readDirective(_ line: ArraySlice<UInt8>, isIndented: Bool) {
    if areDirectivesOver { return }
    // A first line `#!…` is passed over by the detection of `syntax` alone.
    if nextLine == 1, line.starts(with: [Ascii.hash, Ascii.bang]) { return }
    guard let (name, value) = Self.directive(line), ["syntax", "escape", "check"].contains(name) else {
      areDirectivesOver = true
      return
    }
    if name == "syntax" ? isIndented : source.hasShebang { return }
    if directives.contains(where: { $0.name == name }) {
      // buildah knows `escape` alone.
      diagnostics.append(
        source.diagnostic(
          name == "escape" ? .error : .warning, "only one \(name) directive can be used", at: line.startIndex,
          help: "remove this line", rule: name == "escape" ? nil : .doubtfulSyntax))
      return
    }
    var mapped = MappedText(at: value.startIndex)
    mapped.append(contentsOf: value)
    directives.append(Directive(name: name, value: mapped, start: line.startIndex))
    guard name == "escape" else { return }
    if value.count == 1, let token = value.first, token == Ascii.backslash || token == UInt8(ascii: "`") {
      escape = token
    } else {
      diagnostics.append(
        source.diagnostic(
          .error, "'\(mapped.text)' cannot be the escape character", at: value.startIndex,
          help: "use \\ or `"))
    }
  }

  /// `# NAME = VALUE`, with any white space around the parts.
  private static func directive(_ line: ArraySlice<UInt8>) -> (name: String, value: ArraySlice<UInt8>)? {
    guard line.first == Ascii.hash else { return nil }
    let rest = line.dropFirst().drop(while: Ascii.isSpace)
    let name = rest.prefix { Ascii.isLetter($0) || Ascii.isDigit($0) }
    guard let first = name.first, Ascii.isLetter(first) else { return nil }
    let afterName = rest[name.endIndex...].drop(while: Ascii.isSpace)
    guard afterName.first == Ascii.equals else { return nil }
    var value = afterName.dropFirst().drop(while: Ascii.isSpace)
    while let last = value.last, Ascii.isSpace(last) { value = value.dropLast() }
    return value.isEmpty ? nil : (String(decoding: name.map(Ascii.lowercased), as: UTF8.self), value)
  }

  // MARK: - Instructions

  private mutating func readInstruction(first: ArraySlice<UInt8>) {
    var text = MappedText(at: first.startIndex)
    var isOpen = appendLine(first, to: &text)
    while isOpen, let line = takeLine() {
      let content = Self.withoutIndentation(line)
      if content.isEmpty || content.first == Ascii.hash { continue }
      isOpen = appendLine(line, to: &text)
    }
    // BuildKit trims the whole line; only then does the keyword start.
    let trimmed = text.trimmed
    if trimmed.isEmpty { return }
    var instruction = Instruction(text: trimmed)
    let heredocs = Heredoc.announced(by: trimmed, escape: escape)
    var bodies: [Range<Int>] = []
    for heredoc in heredocs {
      let start = bodies.last.map { $0.upperBound + 1 } ?? nextLine
      guard let end = heredocEnds.line(ending: heredoc, from: start) else {
        // To engines that know no heredocs it is none: `RUN echo $((1 << 2))`.
        diagnostics.append(
          source.diagnostic(
            .warning, "the heredoc '\(heredoc.name)' has no end", at: trimmed.start,
            help: "end it by a line that holds only \(heredoc.name), or put << between quotes",
            rule: .doubtfulSyntax))
        bodies = []
        break
      }
      bodies.append(start..<end)
    }
    for (var heredoc, lines) in zip(heredocs, bodies) {
      heredoc.body = Array(
        source.bytes[source.lineRanges[lines.lowerBound].lowerBound..<source.lineRanges[lines.upperBound].lowerBound])
      instruction.heredocs.append(heredoc)
      nextLine = lines.upperBound + 1
    }
    instructions.append(instruction)
  }

  /// Appends a line without its continuation character; true when the instruction goes on.
  private func appendLine(_ line: ArraySlice<UInt8>, to text: inout MappedText) -> Bool {
    var kept = line
    while let last = kept.last, last == Ascii.space || last == Ascii.tab { kept = kept.dropLast() }
    guard kept.last == escape, kept.dropLast().last != escape else {
      text.append(contentsOf: line)
      return false
    }
    text.append(contentsOf: kept.dropLast())
    return true
  }
}
