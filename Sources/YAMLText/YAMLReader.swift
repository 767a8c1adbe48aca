internal import CYAML
package import ImageModel

/// Reads one YAML document as a tree of nodes; the tree is checked, so that a hostile file costs bounded time and memory.
package enum YAMLReader {
  /// What a file may have at most.
  package struct Limits: Sendable {
    package var bytes: Int
    /// After aliases are expanded.
    package var nodes: Int
    package var depth: Int

    package init(bytes: Int = 1 << 20, nodes: Int = 100_000, depth: Int = 100) {
      self.bytes = bytes
      self.nodes = nodes
      self.depth = depth
    }
  }

  /// The document's root, nil for an empty document.
  ///
  /// - Throws: every fault that was found, each with its place and line.
  package static func read(
    _ bytes: [UInt8], file: FilePath, limits: Limits = Limits()
  ) throws(InvalidInput) -> YAMLNode? {
    guard bytes.count <= limits.bytes else {
      throw InvalidInput([
        Diagnostic(
          .error, "the file has \(bytes.count) bytes, more than the \(limits.bytes) that are allowed",
          at: SourceLocation(file: file))
      ])
    }
    let source = SourceText(try decode(bytes, file: file), file: file)
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { parser.deallocate() }
    guard yaml_parser_initialize(parser) == 1 else {
      throw InvalidInput([Diagnostic(.error, "no memory is left to read the file", at: SourceLocation(file: file))])
    }
    defer { yaml_parser_delete(parser) }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    return try source.utf8.withUnsafeBufferPointer { buffer throws(InvalidInput) -> YAMLNode? in
      // An empty array may have no address, and libyaml insists on one.
      guard let start = buffer.baseAddress, !buffer.isEmpty else { return nil }
      yaml_parser_set_input_string(parser, start, buffer.count)
      var composer = YAMLComposer(events: YAMLEvents(parser: parser, source: source), limits: limits)
      return try composer.document()
    }
  }

  /// The text without a byte order mark.
  private static func decode(_ bytes: [UInt8], file: FilePath) throws(InvalidInput) -> String {
    func invalid(_ message: String, _ source: SourceText? = nil, line: Int = 0, column: Int = 0) -> InvalidInput {
      let diagnostic =
        source?.diagnostic(.error, message, line: line, column: column)
        ?? Diagnostic(.error, message, at: SourceLocation(file: file))
      return InvalidInput([diagnostic])
    }
    if let units = SourceText.units(ofUTF16: bytes) {
      guard bytes.count % 2 == 0, let text = String(validating: units, as: UTF16.self) else {
        throw invalid("the file begins as UTF-16 and is not; save it as UTF-8")
      }
      return text
    }
    let content = SourceText.withoutMark(bytes)
    if let text = String(validating: content, as: UTF8.self) { return text }

    let source = SourceText(String(decoding: content, as: UTF8.self), file: file)
    let position = source.position(afterCharacters: validPrefixLength(content))
    throw invalid(
      "this byte is not UTF-8; save the file as UTF-8", source, line: position.line, column: position.column)
  }

  /// Characters before the first byte that is not UTF-8.
  private static func validPrefixLength(_ bytes: ArraySlice<UInt8>) -> Int {
    var decoder = Unicode.UTF8()
    var iterator = bytes.makeIterator()
    var count = 0
    while case .scalarValue = decoder.decode(&iterator) { count += 1 }
    return count
  }
}
