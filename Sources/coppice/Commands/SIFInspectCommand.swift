internal import HostSystem
internal import ImageModel
internal import JSONText
internal import SIFFormat

extension SIFInspectOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let file = try PosixFileSystem().openAnywhere(invocation.place(ofSIF: file))
    let metadata = try SIFMetadata(try SIFImage(reading: file), in: file)
    if isJSON {
      let all = [Part.labels, .runscript, .environment, .deffile, .ociConfig].filter { metadata.json($0) != nil }
      let members = try (parts.isEmpty ? all : parts).map { ($0.rawValue, try told($0, metadata.json($0), file.path)) }
      invocation.show(.object(JSONObject(members)))
    } else {
      let texts = try (parts.isEmpty ? [.labels] : parts).map { try told($0, metadata.text($0), file.path) }
      invocation.showForeign(texts.map { $0.isEmpty || $0.hasSuffix("\n") ? $0 : $0 + "\n" }.joined(separator: "\n"))
    }
    return .success
  }

  private func told<Value>(_ part: Part, _ value: Value?, _ path: FilePath) throws(Failure) -> Value {
    guard let value else {
      throw Failure(
        "the file does not tell its \(part.words)", at: SourceLocation(file: path),
        help: "what only its file system has can be seen with `apptainer inspect`")
    }
    return value
  }
}

extension SIFInspectOptions.Part {
  fileprivate var words: String {
    switch self {
    case .labels, .runscript, .environment: rawValue
    case .deffile: "definition"
    case .ociConfig: "OCI config"
    }
  }
}

extension SIFMetadata {
  /// Nil where the file does not tell.
  fileprivate func json(_ part: SIFInspectOptions.Part) -> JSONValue? {
    switch part {
    case .labels, .runscript, .environment: attributes?[part.rawValue]
    case .deffile: definition.map { .string($0) }
    case .ociConfig: ociConfig
    }
  }

  fileprivate func text(_ part: SIFInspectOptions.Part) -> String? {
    switch part {
    case .labels: attributes.map { _ in labels.sorted { $0.key < $1.key }.map { "\($0): \($1)\n" }.joined() }
    case .runscript: runscript
    case .environment:
      attributes.map { _ in
        environment.sorted { $0.key < $1.key }.map { "=== \($0) ===\n\($1)\n" }.joined(separator: "\n")
      }
    case .deffile: definition
    case .ociConfig: ociConfig?.prettyText
    }
  }
}
