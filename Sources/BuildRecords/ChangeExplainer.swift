internal import DockerfileText
package import ImageModel

/// Adds to changes of inputs what the lists do not tell: changed lines, parameters of templates, the ignore file, the
/// target, what names mean.
package struct ChangeExplainer: Sendable {
  private let before: InputDetails
  private let after: InputDetails
  private let ignored: (before: IgnoreRules, after: IgnoreRules)

  /// - Parameters: what is kept beside the two lists that were compared.
  package init(before: InputDetails, after: InputDetails) {
    (self.before, self.after) = (before, after)
    ignored = (IgnoreRules(before.ignore), IgnoreRules(after.ignore))
  }

  package func explained(_ reasons: [StaleReason]) -> [StaleReason] {
    reasons.map { reason in
      if case .inputsChanged(let changes) = reason { .inputsChanged(changes.map(explained)) } else { reason }
    }
  }

  func explained(_ change: InputChange) -> InputChange {
    var change = change
    switch change.group {
    case .dockerfile:
      let meaning = meaning(of: change)
      change.causes = meaning.isEmpty ? parameters(of: "Dockerfile") + target : meaning
      change.diff = meaning.isEmpty ? instructionDiff(change) : []
    case .context:
      change.causes = change.kind == .modified ? parameters(of: change.name) : ignoreFile(change)
      change.diff = textDiff(change)
    default: break
    }
    return change
  }

  /// The parameters that differ, where nothing else made the rendered file another one.
  private func parameters(of path: String) -> [InputCause] {
    guard let old = before.templates[path], let new = after.templates[path], old.digest == new.digest else { return [] }
    return Set(old.parameters.keys).union(new.parameters.keys).sorted().compactMap { name in
      let (first, second) = (old.parameters[name], new.parameters[name])
      guard first?.value != second?.value else { return nil }
      return .parameter(name, before: first?.value, after: second?.value, location: second?.location)
    }
  }

  private var target: [InputCause] {
    guard let old = before.target, let new = after.target, old.stage != new.stage, old.number != new.number else {
      return []
    }
    return [.target(before: old.stage, after: new.stage, location: new.location)]
  }

  /// Whether an instruction changed though nobody wrote another one.
  private func meaning(of change: InputChange) -> [InputCause] {
    guard let old = change.before, let new = change.after else { return [] }
    let written = after.written[new] ?? new
    return (before.written[old] ?? old) == written ? [.meaning(instruction: written)] : []
  }

  /// A file that one of the ignore files leaves out and the other does not.
  private func ignoreFile(_ change: InputChange) -> [InputCause] {
    let (wasIgnored, isIgnored) = (ignored.before.excludes(change.name), ignored.after.excludes(change.name))
    guard wasIgnored != isIgnored, isIgnored == (change.kind == .removed),
      let name = after.ignore.name ?? before.ignore.name
    else { return [] }
    return [.ignoreFile(name)]
  }

  private func textDiff(_ change: InputChange) -> [String] {
    guard let old = change.before.flatMap({ ContextValue($0) })?.digest.flatMap({ before.texts[$0] }),
      let new = change.after.flatMap({ ContextValue($0) })?.digest.flatMap({ after.texts[$0] })
    else { return [] }
    return TextDiff.lines(from: old, to: new)
  }

  /// One instruction that became another, as both were written: without the hunk's head, since instructions have places
  /// of their own.
  private func instructionDiff(_ change: InputChange) -> [String] {
    let old = change.before.map { before.written[$0] ?? $0 }
    let new = change.after.map { after.written[$0] ?? $0 }
    guard old != nil && new != nil || old?.contains("\n") == true || new?.contains("\n") == true else { return [] }
    func lines(_ text: String?) -> [UInt8] { text.map { Array($0.utf8) + [UInt8(ascii: "\n")] } ?? [] }
    return TextDiff.lines(from: lines(old), to: lines(new)).filter { !$0.hasPrefix("@@") }
  }
}
