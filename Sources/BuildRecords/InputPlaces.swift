internal import ImageModel

extension Recipe {
  /// Where the definition or the Dockerfile says an input; what is said no more is told at the image's entry.
  func place(of change: InputChange) -> SourceLocation? {
    switch self {
    case .image(let image):
      switch change.group {
      case .argument, .recipe:
        if let place = image.places[change.group]?[change.name] { return place }
        let isSaidInDefinition = change.group == .argument || ["target", "test", "reproducible"].contains(change.name)
        return isSaidInDefinition && !change.name.isEmpty ? image.location : nil
      case .base: return image.dockerfile.uses.first { $0.reference.canonical == change.name }?.location
      case .dockerfile, .context, .upstream, .step: return nil
      }
    case .generator(let generator):
      return change.group == .recipe && change.name == "command" ? generator.location : nil
    case .conversion(let conversion):
      return change.group == .recipe && ["compression", "level"].contains(change.name) ? conversion.location : nil
    case .machine(let machine):
      return machine.places[change.group]?[change.name]
        ?? machine.firstStep(after: change).flatMap { machine.place(of: $0) }
    }
  }

  /// Where the inputs stand that have an order and no names.
  var lines: [InputGroup: [SourceLocation]] {
    switch self {
    case .image(let image):
      [.dockerfile: image.dockerfile.instructions.filter { $0.counted != nil }.map(\.location)]
    case .machine(let machine): [.step: machine.steps.map(\.location)]
    case .generator, .conversion: [:]
    }
  }
}
