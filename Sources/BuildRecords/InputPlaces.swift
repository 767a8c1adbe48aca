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
      case .dockerfile, .context, .upstream: return nil
      }
    case .generator(let generator):
      return change.group == .recipe && change.name == "command" ? generator.location : nil
    case .conversion(let conversion):
      return change.group == .recipe && ["compression", "level"].contains(change.name) ? conversion.location : nil
    }
  }

  var instructions: [DockerfileInstruction] {
    if case .image(let image) = self { image.dockerfile.instructions.filter { $0.counted != nil } } else { [] }
  }
}
