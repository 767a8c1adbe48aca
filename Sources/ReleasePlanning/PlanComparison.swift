internal import ImageModel

extension ReleasePlan {
  /// What has moved since this plan was made.
  /// - Parameter now: the plan that would be made now, of the same targets for the same destinations.
  package func movements(to now: ReleasePlan, except own: OwnChanges = OwnChanges()) -> [Movement] {
    placesMoved(now) + sourcesMoved(now, own) + basesMoved(now) + linesMoved(now, own)
  }

  private func placesMoved(_ now: ReleasePlan) -> [Movement] {
    destinations.compactMap { place in
      guard let other = now.destinations.first(where: { $0.name == place.name }) else {
        return Movement(.destination, "coppice.yaml has no destination '\(place.name)' any more")
      }
      if other.definition != place.definition {
        return Movement(
          .destination, "the destination '\(place.name)' is another one: \(other.definition), not \(place.definition)")
      }
      if let problem = place.problem {
        return Movement(
          .destination, "the plan does not know what the destination '\(place.name)' holds: \(problem)")
      }
      return other.problem.map { Movement(.destination, "the destination '\(place.name)' cannot be asked: \($0)") }
    }
  }

  private func sourcesMoved(_ now: ReleasePlan, _ own: OwnChanges) -> [Movement] {
    let before = Dictionary(sources.map { ($0.artifact, $0) }) { first, _ in first }
    let after = Dictionary(now.sources.map { ($0.artifact, $0) }) { first, _ in first }
    let stale = Set(now.builds.map(\.artifact))
    var movements: [Movement] = []
    for source in sources {
      let id = source.artifact
      guard let other = after[id] else {
        movements.append(Movement(.tree, "the tree has no \(id) any more"))
        continue
      }
      let isOwn = other.recorded != nil && own.records[id] == other.recorded
      if other.recorded != source.recorded, !isOwn {
        let what = other.recorded == nil ? "has no record of \(id) any more" : "has another record of \(id)"
        movements.append(Movement(.lock, "coppice.lock \(what)"))
      }
      // What it was built from is what is there: a base that was pinned for that may have had a say in its files.
      if other.inputs != source.inputs, !isOwn || stale.contains(id) {
        movements.append(Movement(.tree, "\(id) was edited"))
      }
    }
    for id in now.sources.map(\.artifact) where before[id] == nil {
      movements.append(Movement(.tree, "the tree has \(id) now, which the plan does not know"))
    }
    return movements
  }

  private func basesMoved(_ now: ReleasePlan) -> [Movement] {
    let after = Dictionary(now.bases.map { ($0.reference, $0.pinned) }) { first, _ in first }
    return bases.compactMap { base in
      // A first pin comes with the build.
      guard let pinned = base.pinned, let other = after[base.reference], other != pinned else { return nil }
      let what = other.map { "is pinned to \($0), not to \(pinned)" } ?? "is not pinned any more"
      return Movement(.lock, "the base \(base.reference) \(what)")
    }
  }

  private func linesMoved(_ now: ReleasePlan, _ own: OwnChanges) -> [Movement] {
    // Of places that cannot be compared that is said already.
    let known = Set(
      destinations.filter { place in
        place.problem == nil && now.destinations.contains { $0 == place }
      }.map(\.name))
    func comparable(_ plan: ReleasePlan) -> [Line] {
      plan.lines.filter { known.contains($0.destination) && $0.action != .retire && $0.action != .unknown }
    }
    let after = Dictionary(comparable(now).map { ($0.key, $0) }) { first, _ in first }
    let before = Set(comparable(self).map(\.key))
    // Of what is gone, or new, that is said.
    let common = Set(sources.map(\.artifact)).intersection(now.sources.map(\.artifact))
    var movements = comparable(self).filter { common.contains($0.artifact) }.flatMap { line in
      guard let other = after[line.key] else {
        return [Movement(.destination, "\(line.artifact) is not published at '\(line.destination)' any more")]
      }
      return Self.movements(from: line, to: other, own)
    }
    for line in comparable(now) where common.contains(line.artifact) && !before.contains(line.key) {
      movements.append(Movement(.destination, "\(line.artifact) is published at '\(line.destination)' now"))
    }
    return movements
  }

  private static func movements(from line: Line, to now: Line, _ own: OwnChanges) -> [Movement] {
    guard line.names.map(\.name) == now.names.map(\.name) else {
      let names = now.names.map(\.name).joined(separator: ", ")
      return [Movement(.destination, "\(line.artifact) is published at '\(line.destination)' as \(names) now")]
    }
    var movements: [Movement] = []
    for (name, other) in zip(line.names, now.names) {
      let isOwn =
        own.switches[OwnChanges.NameAtPlace(name.name, at: line.destination)].map { $0 == other.from } ?? false
      guard other.from != name.from, other.from == nil || other.from != line.to, !isOwn else { continue }
      func words(_ digest: Digest?) -> String { digest.map(\.description) ?? "nothing" }
      movements.append(
        Movement(
          .destination,
          "\(name.name) at '\(line.destination)' leads to \(words(other.from)), not to \(words(name.from))"))
    }
    if !movements.isEmpty { return movements }
    switch (line.action, now.action) {
    case (.publish, .build), (.publish, .may), (.keep, .build), (.keep, .may):
      let why = now.reasons.first.map { ": \($0)" } ?? ""
      return [Movement(.output, "\(line.artifact) would have to be built first\(why)")]
    case (.keep, .publish):
      return [Movement(.output, "\(line.artifact) would be published at '\(line.destination)', which is not planned")]
    case (.publish, .publish) where line.to != now.to:
      let words = [now.to, line.to].map { $0.map(\.description) ?? "unknown" }
      return [Movement(.output, "\(line.artifact) would be published as \(words[0]), not as \(words[1])")]
    default: return []
    }
  }
}
