internal import BuildRecords
internal import ImageModel

/// What changed inputs can be seen to do to an image: to the files that they are and that they name, to its config.
///
/// The rest of what differs has no cause that could be named: a time, a random number, the work of a command.
struct EditFootprint {
  private var contents: Set<Digest> = []
  private var names: Set<String> = []
  /// In which an upstream differs itself.
  private var paths: Set<String> = []
  private var isInHistory = false
  private var isInConfig = false
  /// Nobody has what was there before: any difference may be its work.
  private(set) var mayBeAnything = false

  /// - Parameter differences: of two outputs of an upstream; nil where they are not known.
  init(_ reasons: [StaleReason], differences: (ArtifactID, Digest, Digest) -> [OutputDifference]?) {
    for reason in reasons where reason.isOfInputs {
      isInHistory = true
      switch reason {
      case .inputsChanged(let changes): for change in changes { add(change) }
      case .upstreamChanged(let id, let before, let after):
        isInConfig = true
        contents.formUnion([before, after])
        guard id.kind == .docker else {
          // ADD unpacks a generated archive.
          mayBeAnything = true
          continue
        }
        if let found = differences(id, before, after) {
          paths.formUnion(found.map(\.path))
        } else {
          mayBeAnything = true
        }
      default: mayBeAnything = true
      }
    }
  }

  private mutating func add(_ change: InputChange) {
    let values = [change.before, change.after].compactMap(\.self)
    switch change.group {
    case .context:
      if change.name.isEmpty || Self.mayBeArchive(change.name) { mayBeAnything = true }
      contents.formUnion(values.compactMap { ContextValue($0)?.digest })
      names.insert(FilePath(change.name).name.description)
    case .dockerfile:
      isInConfig = true
      for text in values {
        names.formUnion(text.split { !$0.isLetter && !$0.isNumber && !"._-+".contains($0) }.map(String.init))
      }
    case .recipe, .argument: isInConfig = true
    case .base, .upstream, .step: mayBeAnything = true
    }
  }

  /// ADD unpacks archives, and what was in them is not known.
  private static func mayBeArchive(_ name: String) -> Bool {
    let name = name.lowercased()
    return name.contains(".tar") || [".tgz", ".tbz", ".tbz2", ".txz", ".tzst"].contains { name.hasSuffix($0) }
  }

  func explains(_ difference: OutputDifference) -> Bool {
    if difference.path == "history" { return isInHistory }
    if difference.isMember { return isInConfig }
    return names.contains(difference.name) || paths.contains(difference.path)
      || !contents.isDisjoint(with: difference.contents)
  }
}
