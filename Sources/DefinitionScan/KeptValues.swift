internal import FileTraces
internal import ImageModel

// The vocabulary as bytes. A value that is read back equals the one that was written; a field that is forgotten here
// is found by a test that compares all of them.

extension ValueWriter {
  mutating func write(_ location: SourceLocation) {
    write(shared: location.file)
    write(location.line)
    write(location.column)
  }

  mutating func write(_ text: Located<String>) {
    write(text.value)
    write(text.location)
  }

  mutating func write(_ places: [String: SourceLocation]) {
    write(places) { writer, place in
      writer.write(place.key)
      writer.write(place.value)
    }
  }

  mutating func write(_ id: ArtifactID) {
    write(id.kind.rawValue)
    write(id.name)
    write(id.tag)
  }

  mutating func write(_ definition: DefinitionSource) {
    write(definition.path)
    write(shared: definition.directory)
    write(definition.origin.rawValue)
  }

  mutating func write(_ reference: ImageReference) {
    write(reference.registry) { $0.write($1) }
    write(reference.repository)
    write(reference.tag) { $0.write($1) }
    write(reference.digest) { $0.write($1.description) }
  }

  mutating func write(_ diagnostic: Diagnostic) {
    write(diagnostic.severity.rawValue)
    write(diagnostic.message)
    write(diagnostic.location) { $0.write($1) }
    write(diagnostic.sourceLine) { $0.write($1) }
    write(diagnostic.help) { $0.write($1) }
    write(diagnostic.rule) { $0.write($1.rawValue) }
  }
}

extension ValueReader {
  mutating func choice<Value: RawRepresentable<String>>() throws(Damage) -> Value {
    guard let value = Value(rawValue: try text()) else { throw Damage() }
    return value
  }

  mutating func texts() throws(Damage) -> [String] {
    try list { reader throws(Damage) in try reader.text() }
  }

  mutating func table<Key: Hashable, Value>(
    _ body: (inout ValueReader) throws(Damage) -> (Key, Value)
  ) throws(Damage) -> [Key: Value] {
    Dictionary(try list(body)) { first, _ in first }
  }

  mutating func location() throws(Damage) -> SourceLocation {
    SourceLocation(file: try sharedPath(), line: try number(), column: try number())
  }

  mutating func locatedText() throws(Damage) -> Located<String> { Located(try text(), at: try location()) }

  mutating func places() throws(Damage) -> [String: SourceLocation] {
    try table { reader throws(Damage) in (try reader.text(), try reader.location()) }
  }

  mutating func artifact() throws(Damage) -> ArtifactID {
    ArtifactID(kind: try choice(), name: try text(), tag: try text())
  }

  mutating func definitionSource() throws(Damage) -> DefinitionSource {
    DefinitionSource(path: try text(), directory: try sharedPath(), origin: try choice())
  }

  mutating func reference() throws(Damage) -> ImageReference {
    let registry = try optional { reader throws(Damage) in try reader.text() }
    let repository = try text()
    let tag = try optional { reader throws(Damage) in try reader.text() }
    let digest = try optional { reader throws(Damage) in
      guard let digest = Digest(try reader.text()) else { throw Damage() }
      return digest
    }
    return ImageReference(registry: registry, repository: repository, tag: tag, digest: digest)
  }

  mutating func diagnostic() throws(Damage) -> Diagnostic {
    Diagnostic(
      try choice(), try text(), at: try optional { reader throws(Damage) in try reader.location() },
      sourceLine: try optional { reader throws(Damage) in try reader.text() },
      help: try optional { reader throws(Damage) in try reader.text() },
      rule: try optional { reader throws(Damage) in try reader.choice() })
  }
}
