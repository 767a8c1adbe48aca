internal import ImageModel

/// Why a step must run, in one line for each reason.
enum ReasonText {
  /// Every reason, and every change of inputs, on a line of its own.
  static func lines(_ reasons: [StaleReason]) -> [String] {
    reasons.flatMap { reason in
      if case .inputsChanged(let changes) = reason, !changes.isEmpty { changes.map(line) } else { [line(reason)] }
    }
  }

  /// The first reason, and how many more there are.
  static func summary(_ reasons: [StaleReason]) -> String {
    let lines = lines(reasons)
    guard let first = lines.first else { return "not current" }
    return lines.count == 1 ? first : "\(first) (and \(lines.count - 1) more)"
  }

  static func line(_ reason: StaleReason) -> String {
    switch reason {
    case .neverBuilt: "never built"
    case .outputMissing(let what): what.isEmpty ? "the output is missing" : "missing: \(clean(what))"
    case .outputDamaged(let what): what.isEmpty ? "the output is damaged" : "damaged: \(clean(what))"
    case .inputsChanged(let changes): changes.isEmpty ? "inputs changed" : changes.map(line).joined(separator: "; ")
    case .upstreamWillRebuild(let id): "upstream \(id) will be built"
    case .upstreamChanged(let id, let from, let to): "upstream \(id) changed \(short(from)) → \(short(to))"
    case .baseMoved(let reference, let from, let to): "base \(clean(reference)) moved \(short(from)) → \(short(to))"
    case .forced(let reason): reason.isEmpty ? "forced" : "forced: \(clean(reason))"
    case .tooOld(let since): "too old: last built from scratch on \(DateText.utc(since))"
    }
  }

  static func line(_ change: InputChange) -> String {
    let name = clean(change.name)
    switch change.group {
    case .recipe: return name.isEmpty ? "recipe changed" : "\(name) \(change.kind.verb)" + values(change)
    case .dockerfile: return dockerfileLine(change)
    case .argument:
      return name.isEmpty ? "build arguments changed" : "build argument \(name) \(change.kind.verb)" + values(change)
    case .context:
      return name.isEmpty ? "context files changed" : "context file \(name) \(change.kind.rawValue)" + modes(change)
    case .base:
      if name.isEmpty { return "bases changed" }
      return "base \(name) \(change.kind == .modified ? "moved" : change.kind.verb)" + values(change)
    case .upstream: return name.isEmpty ? "upstreams changed" : "upstream \(name) \(change.kind.verb)" + values(change)
    }
  }

  /// `Dockerfile:12 changed: RUN …`.
  private static func dockerfileLine(_ change: InputChange) -> String {
    var place = "Dockerfile"
    if let location = change.location {
      place = clean(location.file.name.description) + (location.line > 0 ? ":\(location.line)" : "")
    }
    let instruction = (change.kind == .removed ? change.before : change.after) ?? change.before
    guard let instruction else { return "\(place) \(change.kind.verb)" }
    return "\(place) \(change.kind.verb): \(TerminalText.cut(clean(instruction), to: 72))"
  }

  /// `: mode 0644 → 0755`, where that is all that differs.
  private static func modes(_ change: InputChange) -> String {
    guard let before = change.before?.split(separator: " "), let after = change.after?.split(separator: " "),
      before.count >= 2, before.count == after.count, before[0] == after[0], before[0] != "link",
      before.dropFirst(2) == after.dropFirst(2), before[1] != after[1]
    else { return "" }
    return ": mode \(before[1]) → \(after[1])"
  }

  /// ` 4 → 8`, where both are known.
  private static func values(_ change: InputChange) -> String {
    switch (change.before, change.after) {
    case (let before?, let after?): " \(short(before)) → \(short(after))"
    case (nil, let after?): ": \(short(after))"
    case (_?, nil), (nil, nil): ""
    }
  }

  private static func short(_ digest: Digest) -> String { "sha256:\(digest.short)…" }

  private static func short(_ recorded: String) -> String {
    let text = words(recorded)?.joined(separator: " ") ?? recorded
    return Digest(text).map(short) ?? TerminalText.cut(clean(text), to: 48)
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

  private static func clean(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).map { TerminalText.cleaned($0) }.joined(separator: " ")
  }
}

extension InputChange.Kind {
  fileprivate var verb: String { self == .modified ? "changed" : rawValue }
}
