internal import DockerfileText
package import ImageModel

/// Adds to changes of inputs what the lists do not tell: changed lines, parameters of templates, the ignore file, the target, what names mean.
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
      change.causes = parameters(of: "Dockerfile") + target + meanings(in: change)
      change.diff = Self.instructionDiff(change)
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
    guard let old = before.target, let new = after.target, old.stage != new.stage else { return [] }
    return [.target(before: old.stage, after: new.stage, location: new.location)]
  }

  /// Names of images by which an instruction changed though nobody wrote another one.
  private func meanings(in change: InputChange) -> [InputCause] {
    Set(before.aliases.keys).union(after.aliases.keys).sorted().compactMap { name in
      let (old, new) = (before.aliases[name], after.aliases[name])
      // What lists say is the main tag of an image of the tree, and the name itself of one from outside.
      func says(_ text: String?, _ id: ArtifactID?) -> Bool {
        text?.contains(id.map { "\($0.name):\($0.tag)" } ?? name) == true
      }
      guard old != new, says(change.before, old), says(change.after, new) else { return nil }
      return .meaning(name, before: old, after: new)
    }
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

  /// One instruction that became another: without the hunk's head, since instructions have places of their own.
  private static func instructionDiff(_ change: InputChange) -> [String] {
    guard
      change.before != nil && change.after != nil || change.before?.contains("\n") == true
        || change.after?.contains("\n") == true
    else { return [] }
    func lines(_ text: String?) -> [UInt8] { text.map { Array($0.utf8) + [UInt8(ascii: "\n")] } ?? [] }
    return TextDiff.lines(from: lines(change.before), to: lines(change.after)).filter { !$0.hasPrefix("@@") }
  }
}
