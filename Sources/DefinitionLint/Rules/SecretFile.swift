internal import ImageModel

extension LintCheck {
  static let secretFile = LintCheck(.secretFile) { tree in
    tree.images.flatMap { image in
      let attribution = SourceAttribution(image.recipe.dockerfile)
      return image.context.files.compactMap { file -> Diagnostic? in
        guard let what = SecretSign.of(file.path, head: file.head) else { return nil }
        return Diagnostic(
          .warning, "this brings '\(file.name)' into the build, which looks like \(what)",
          at: attribution.place(of: file.path),
          help: "name it in .dockerignore, and give what the build must know by secrets: and RUN --mount=type=secret")
      }
    }
  }
}
