internal import ImageModel

/// A text that another program than a Dockerfile's front end turns into an image: `# syntax=example/builder`.
///
/// Nobody but that program knows what its lines mean, so every byte of it counts and so does the whole context.
enum ForeignFrontEnd {
  /// Why the text may be no Dockerfile; nil when it is one.
  static func reason(
    for source: SourceText, syntax: String?, buildArguments: [String: String]
  ) -> String? {
    if let name = buildArguments["BUILDKIT_SYNTAX"] ?? syntax {
      return isDockerfile(name) ? nil : "only the front end \(name) knows what it takes from the context"
    }
    // Other front ends may write the directive as a comment of C or in JSON; no Dockerfile begins so.
    let start = source.bytes.starts(with: Ascii.byteOrderMark) ? source.bytes.dropFirst(3) : source.bytes[...]
    let text = start.drop(while: Ascii.isSpace)
    guard text.starts(with: "//".utf8) || text.first == UInt8(ascii: "{") else { return nil }
    return "only another front end knows what it takes from the context"
  }

  /// Whether an image's name is that of Docker's front end, or of a copy of it.
  static func isDockerfile(_ image: String) -> Bool {
    let name = image.prefix { $0 != "@" }.split(separator: "/").last?.prefix { $0 != ":" }
    return name == "dockerfile" || name == "dockerfile-upstream"
  }

  /// The facts of such a text; `facts` are those of the text read as a Dockerfile, which many such texts nearly are.
  static func degraded(_ facts: DockerfileFacts, _ source: SourceText, reason: String) -> DockerfileFacts {
    var degraded = facts
    let isReadable = !facts.diagnostics.contains { $0.severity == .error }
    degraded.uses = facts.uses.filter { isReadable || $0.role == .syntax }
    degraded.diagnostics = [
      Diagnostic(
        .note, reason, at: SourceLocation(file: facts.file, line: 1), help: "the whole context counts as an input",
        rule: .wholeContext)
    ]
    degraded.reach = .whole(reason: reason)
    degraded.triggers = nil
    degraded.countEverything()
    degraded.askedVariables = [:]
    degraded.environment = ImageEnvironment(root: .unknown)
    degraded.instructions = source.lineRanges.enumerated().map { index, line in
      DockerfileInstruction(
        canonical: DockerfileReader.text(of: Array(source.bytes[line])),
        location: SourceLocation(file: facts.file, line: index + 1, column: 1))
    }
    return degraded
  }
}
