internal import ImageModel

extension LintCheck {
  static let danglingLink = LintCheck(.danglingLink) { tree in
    tree.images.flatMap { image in
      let attribution = SourceAttribution(image.recipe.dockerfile)
      return image.context.files.compactMap { file -> Diagnostic? in
        guard let target = file.danglingTarget else { return nil }
        // An absolute one may be meant for the image.
        return Diagnostic(
          target.hasPrefix("/") ? .note : .warning,
          "this brings the link '\(file.name)' into the build, and there is no '\(target)' where it leads",
          at: attribution.place(of: file.path), help: "repair the link, or name it in .dockerignore")
      }
    }
  }
}
