import ImageModel

/// A base that looks like an image of the tree and is none.
enum NearMiss {
  /// A tag that nobody makes of an image that the tree makes, or an image of the tree under another namespace: most
  /// likely a slip, which would be fetched from a registry or taken from an engine's leftovers.
  static func warning(for use: ImageUse, _ declarations: [StepDeclaration]) -> Diagnostic? {
    let reference = use.reference
    guard reference.digest == nil, reference.registry == nil, use.role != .syntax else { return nil }
    let name = reference.repository.split(separator: "/").last.map(String.init) ?? reference.repository
    var (sameTags, sameNames) = ([String](), [String]())
    for declaration in declarations where declaration.id.kind == .docker && declaration.id.name == name {
      for made in declaration.names where made.repository.contains("/") {
        if made.repository == reference.repository { sameTags.append(made.description) }
        // Without a namespace it may well be an official image.
        if reference.repository.contains("/"), made.tag == reference.tag { sameNames.append(made.description) }
      }
    }
    if let nearest = sameTags.isEmpty
      ? nil : NearestSpelling.of(reference.description, among: sameTags) ?? sameTags.min()
    {
      return Diagnostic(
        .warning, "no definition makes \(reference), so it is taken for a base from outside", at: use.location,
        help: "did you mean \(nearest)?", rule: .unknownImage)
    }
    guard let other = sameNames.min() else { return nil }
    return Diagnostic(
      .warning, "no definition makes \(reference), so it is taken for a base from outside", at: use.location,
      help: "the tree makes \(other): is the namespace of coppice.yaml meant?", rule: .unknownImage)
  }
}
