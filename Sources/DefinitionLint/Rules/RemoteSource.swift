internal import ImageModel

extension LintCheck {
  static let remoteSource = LintCheck(.remoteSource) { tree in
    tree.images.flatMap { image in
      image.recipe.dockerfile.sources.compactMap { source -> Diagnostic? in
        guard source.place == .network(isPinned: false) else { return nil }
        return Diagnostic(
          .warning, "what '\(source.text)' gives is no input: when it changes, nothing is rebuilt", at: source.location,
          help: "write ADD --checksum=sha256:… (for git: #COMMIT), or fetch it by generate:")
      }
    }
  }
}
