internal import BuildRecords
internal import ImageModel

/// One input that differs, in words.
enum ChangeText {
  /// What changed, in one line.
  static func line(_ change: InputChange) -> String {
    let name = TerminalText.oneLine(change.name)
    switch change.group {
    case .recipe: return name.isEmpty ? "recipe changed" : "\(name) \(change.kind.verb)" + values(change)
    case .dockerfile: return line(change, in: "Dockerfile")
    case .step: return change.isGroupOnly ? "steps changed" : line(change, in: "step")
    case .argument:
      return name.isEmpty ? "build arguments changed" : "build argument \(name) \(change.kind.verb)" + values(change)
    case .context:
      if name.isEmpty { return "context files changed" }
      let kind = (change.before ?? change.after).flatMap { ContextValue($0) }?.noun ?? "file"
      return "context \(kind) \(name) \(change.kind.rawValue)" + fileDetail(change) + ignoreFile(change)
    case .base:
      if name.isEmpty { return "bases changed" }
      return "base \(name) \(change.kind == .modified ? "moved" : change.kind.verb)" + values(change)
    case .upstream: return name.isEmpty ? "upstreams changed" : "upstream \(name) \(change.kind.verb)" + values(change)
    }
  }

  /// What stands below the line: changed lines, other contents by digest, parameters of templates.
  static func details(_ change: InputChange) -> [String] {
    var lines = change.diff.map { line in
      // A carriage return would hide all before it, and be the only thing that differs.
      TerminalText.cut(TerminalText.cleaned(line.replacing("\r", with: "␍")), to: 200)
    }
    if change.diff.isEmpty, case .file(_, let old)? = change.before.flatMap({ ContextValue($0) }),
      case .file(_, let new)? = change.after.flatMap({ ContextValue($0) }), old != new
    {
      lines.append("contents \(short(old)) → \(short(new))")
    }
    return lines
  }

  /// `Dockerfile.template: %(base_image)s = a → b`, and where that is said.
  static func line(_ cause: InputCause, of file: String) -> (text: String, location: SourceLocation?)? {
    switch cause {
    case .parameter(let name, let before, let after, let location):
      let values = "\(before.map(short) ?? "not given") → \(after.map(short) ?? "not given")"
      return ("\(TerminalText.oneLine(file)).template: %(\(TerminalText.oneLine(name)))s = \(values)", location)
    case .target(let before, let after, let location):
      let stages = [before, after].map { $0.map { TerminalText.oneLine($0) } ?? "the last stage" }
      return ("target \(stages.joined(separator: " → "))", location)
    case .meaning: return ("nobody changed the line: a name in it means another image than it did", nil)
    case .ignoreFile: return nil
    }
  }

  /// `Dockerfile:12 changed: RUN …`.
  private static func line(_ change: InputChange, in file: String) -> String {
    var place = file
    if let location = change.location {
      place = TerminalText.oneLine(location.file.name.description) + (location.line > 0 ? ":\(location.line)" : "")
    }
    let instruction = (change.kind == .removed ? change.before : change.after) ?? change.before
    guard let instruction else { return "\(place) \(change.kind.verb)" }
    return "\(place) \(change.kind.verb): \(TerminalText.cut(TerminalText.oneLine(instruction), to: 72))"
  }

  /// What of a file differs beside its contents.
  private static func fileDetail(_ change: InputChange) -> String {
    guard let old = change.before.flatMap({ ContextValue($0) }), let new = change.after.flatMap({ ContextValue($0) })
    else { return "" }
    switch (old, new) {
    case (.file(let before, let first), .file(let after, let second)):
      if before == after { return "" }
      return ": mode \(before) → \(after)" + (first == second ? "" : " and contents")
    case (.directory(let before), .directory(let after)): return ": mode \(before) → \(after)"
    case (.link(let before), .link(let after)):
      return ": \(TerminalText.oneLine(before)) → \(TerminalText.oneLine(after))"
    default: return ": \(old.words) → \(new.words)"
    }
  }

  private static func ignoreFile(_ change: InputChange) -> String {
    for case .ignoreFile(let name) in change.causes { return " (\(TerminalText.oneLine(name)) changed)" }
    return ""
  }

  /// ` 4 → 8`, where both are known.
  private static func values(_ change: InputChange) -> String {
    switch (change.before, change.after) {
    case (let before?, let after?): " \(short(before)) → \(short(after))"
    case (nil, let after?): ": \(short(after))"
    case (_?, nil), (nil, nil): ""
    }
  }

  static func short(_ digest: Digest) -> String { "sha256:\(digest.short)…" }

  private static func short(_ recorded: String) -> String {
    let text = words(recorded)?.joined(separator: " ") ?? recorded
    if text.hasPrefix("digest of value "), let digest = Digest(text.dropFirst(16)) {
      return "a value with \(short(digest))"
    }
    return Digest(text).map(short) ?? TerminalText.cut(TerminalText.oneLine(text), to: 48)
  }

  /// The words of a command, which is recorded with their lengths; nil for any other text.
  private static func words(_ text: String) -> [String]? {
    var (words, rest) = ([String](), text.utf8[...])
    while !rest.isEmpty {
      let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      rest = rest.dropFirst(digits.count)
      guard let count = Int(Substring(digits)), rest.popFirst() == UInt8(ascii: ":"), rest.count >= count else {
        return nil
      }
      words.append(String(decoding: rest.prefix(count), as: UTF8.self))
      rest = rest.dropFirst(count)
      guard rest.isEmpty || rest.popFirst() == UInt8(ascii: " ") else { return nil }
    }
    return words.isEmpty ? nil : words
  }
}

extension InputChange.Kind {
  fileprivate var verb: String { self == .modified ? "changed" : rawValue }
}

extension ContextValue {
  fileprivate var noun: String {
    switch self {
    case .file: "file"
    case .directory: "directory"
    case .link: "link"
    }
  }

  fileprivate var words: String {
    if case .link(let target) = self { "link to \(TerminalText.oneLine(target))" } else { noun }
  }
}
