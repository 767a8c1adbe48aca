internal import BuildRecords
internal import DependencyGraph
internal import ImageModel

extension LintCheck {
  static let unpinnedBase = LintCheck(.unpinnedBase) { tree in
    tree.images.flatMap { image in
      image.node.bases.compactMap { use -> Diagnostic? in
        let key = Lockfile.BaseKey(reference: use.reference.canonical, platform: image.recipe.platform)
        guard use.reference.digest == nil, !tree.pins.contains(key) else { return nil }
        return Diagnostic(
          .note, "the base \(use.reference) is not pinned yet", at: use.location,
          help: "`coppice build` or `coppice update` pins it in coppice.lock")
      }
    }
  }
}
