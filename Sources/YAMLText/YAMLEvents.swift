internal import CYAML
internal import ImageModel

/// One event of libyaml, with its text taken over.
struct YAMLEvent {
  struct Properties {
    var anchor: String?
    var tag: String?
  }

  enum Kind {
    case streamStart, streamEnd, documentStart, documentEnd, sequenceEnd, mappingEnd
    case alias(String)
    case scalar(text: String, isPlain: Bool, Properties)
    case sequenceStart(Properties)
    case mappingStart(Properties)
  }

  var kind: Kind
  /// From 1.
  var line: Int
  /// From 1, in characters.
  var column: Int
}

/// The events of a text, one by one.
struct YAMLEvents {
  /// Initialized, with its input set; outlives this value.
  let parser: UnsafeMutablePointer<yaml_parser_t>
  let source: SourceText

  func next() throws(InvalidInput) -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw InvalidInput([YAMLProblem(parser, source).diagnostic]) }
    defer { yaml_event_delete(&event) }
    let kind: YAMLEvent.Kind
    switch event.type {
    case YAML_STREAM_START_EVENT: kind = .streamStart
    case YAML_DOCUMENT_START_EVENT: kind = .documentStart
    case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
    case YAML_ALIAS_EVENT: kind = .alias(text(event.data.alias.anchor))
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      // `!!str 12` and `! 12` are text, as if in quotes.
      let isText = optionalText(scalar.tag).map { $0 == "!" || $0 == "tag:yaml.org,2002:str" } ?? false
      kind = .scalar(
        text: String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE && !isText,
        properties(scalar.anchor, scalar.tag))
    case YAML_SEQUENCE_START_EVENT:
      kind = .sequenceStart(properties(event.data.sequence_start.anchor, event.data.sequence_start.tag))
    case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      kind = .mappingStart(properties(event.data.mapping_start.anchor, event.data.mapping_start.tag))
    case YAML_MAPPING_END_EVENT: kind = .mappingEnd
    default: kind = .streamEnd
    }
    let place = source.clamped(line: event.start_mark.line + 1, column: event.start_mark.column + 1)
    return YAMLEvent(kind: kind, line: place.line, column: place.column)
  }

  private func properties(
    _ anchor: UnsafeMutablePointer<yaml_char_t>?, _ tag: UnsafeMutablePointer<yaml_char_t>?
  ) -> YAMLEvent.Properties {
    YAMLEvent.Properties(anchor: optionalText(anchor), tag: optionalText(tag))
  }

  private func optionalText(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(cString: $0) }
  }

  private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String { optionalText(pointer) ?? "" }
}
