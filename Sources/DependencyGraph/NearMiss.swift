import ImageModel

/// A base that looks like an image of the tree and is none.
struct NearMiss {
  private let declarations: [StepDeclaration]
  /// Their places by their images' names: of many bases each is looked for.
  private let places: [String: [Int]]

  init(among declarations: [StepDeclaration]) {
    self.declarations = declarations
    var places: [String: [Int]] = [:]
    for (place, declaration) in declarations.enumerated() where declaration.id.kind == .docker {
      places[declaration.id.name, default: []].append(place)
    }
    self.places = places
  }

  /// A tag that nobody makes of an image that the tree makes, or an image of the tree under another namespace: most
  /// likely a slip, which would be fetched from a registry or taken from an engine's leftovers.
  func warning(for use: ImageUse) -> Diagnostic? {
    let reference = use.reference
    guard reference.digest == nil, reference.registry == nil, use.role != .syntax else { return nil }
    let name = reference.repository.split(separator: "/").last.map(String.init) ?? reference.repository
    var (sameTags, sameNames) = ([String](), [String]())
    for place in places[name] ?? [] {
      for made in declarations[place].names where made.repository.contains("/") {
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
