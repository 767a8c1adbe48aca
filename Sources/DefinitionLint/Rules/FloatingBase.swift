internal import DependencyGraph
internal import ImageModel

extension LintCheck {
  static let floatingBase = LintCheck(.floatingBase) { tree in
    tree.images.flatMap { image in
      image.node.bases.compactMap { use -> Diagnostic? in
        let reference = use.reference
        guard reference.digest == nil, reference.tag == nil || reference.tag == "latest" else { return nil }
        let what = reference.tag == nil ? "has no tag, which means latest" : "is whatever is the latest"
        return Diagnostic(
          .warning, "the base \(reference) \(what)", at: use.location,
          help: "name a version, so that `coppice update` moves to no other one")
      }
    }
  }
}
