internal import ImageModel

extension LintCheck {
  static let largeContext = LintCheck(.largeContext) { tree in
    tree.images.compactMap { image in
      let files = image.context.files
      let total = ByteCount(files.reduce(0) { $0 + $1.size })
      guard total > tree.contextLimit, let largest = files.max(by: { $0.size < $1.size }) else { return nil }
      let attribution = SourceAttribution(image.recipe.dockerfile)
      return Diagnostic(
        .warning,
        "the build can see \(total) in \(files.count == 1 ? "1 file" : "\(files.count) files"), more than "
          + "\(tree.contextLimit); '\(largest.name)' has \(ByteCount(largest.size))",
        at: attribution.place(of: largest.path),
        help: "name what is not needed in .dockerignore, or raise context_limit below lint: in coppice.yaml")
    }
  }
}
