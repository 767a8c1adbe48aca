internal import HostSystem
internal import ImageModel
internal import ReleasePlanning

/// The file of a release plan.
struct ReleasePlanFile: Sendable {
  let path: FilePath
  let files: any FileSystem

  /// - Throws: `InvalidInput` when it is missing or no plan.
  func plan() throws -> ReleasePlan {
    guard let bytes = try contents() else {
      throw InvalidInput([
        Diagnostic(.error, "there is no release plan \(path)", help: "make one with `coppice plan --out FILE`")
      ])
    }
    return try ReleasePlanReader.plan(bytes, file: path)
  }

  /// Those of people, to be kept when the plan is made anew; none when there is no such file.
  /// - Throws: `InvalidInput` for a file that is no plan, which must not be lost.
  func decisions() throws -> Decisions {
    guard let bytes = try contents() else { return Decisions() }
    guard let decisions = try ReleasePlanReader.decisions(bytes, file: path) else {
      throw InvalidInput([
        Diagnostic(
          .error, "this file is no release plan of coppice, and would be lost", at: SourceLocation(file: path),
          help: "give --out another name, or move the file away")
      ])
    }
    return decisions
  }

  func exists() throws -> Bool { try files.statusIfPresent(of: path) != nil }

  /// Whether the file is there and a plan of coppice, rather than of another program.
  func isPlan() throws -> Bool {
    guard let bytes = try contents() else { return false }
    return try ReleasePlanReader.decisions(bytes, file: path) != nil
  }

  func write(_ plan: ReleasePlan) throws {
    try files.replace(path, with: Array(plan.text.utf8), mode: 0o644)
  }

  private func contents() throws -> [UInt8]? { try files.contentsIfPresent(of: path, limit: 64 << 20) }
}

extension Workspace {
  /// Where `publish` finds the decisions of people, and `build` a plan to keep up to date.
  var releasePlanFile: ReleasePlanFile { ReleasePlanFile(path: repository / "release_plan.yaml", files: files) }

  /// Those of the plan at the root of the repository, which every release follows; a file of that name may be a plan of
  /// another program.
  func decisions() throws -> Decisions {
    let path = releasePlanFile.path
    return try files.contentsIfPresent(of: path, limit: 64 << 20).flatMap {
      try ReleasePlanReader.decisions($0, file: path)
    } ?? Decisions()
  }

  /// What decisions mean for the artifacts of the tree.
  /// - Throws: `InvalidInput` for decisions that name nothing: one that was misspelt must not be passed over.
  func rulings(_ decisions: Decisions) throws(InvalidInput) -> [ArtifactID: Decisions.Ruling] {
    let (rulings, idle) = decisions.rulings { (try? select([$0])) ?? [] }
    guard idle.isEmpty else {
      throw InvalidInput(
        idle.map { decision in
          Diagnostic(
            .error, "the decision about '\(decision.pattern)' is about nothing in the tree", at: decision.location,
            help: "`coppice list` shows what there is; take the decision out if it has been settled")
        })
    }
    return rulings
  }
}
