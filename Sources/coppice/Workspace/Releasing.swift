internal import BuildEngine
internal import BuildRecords
internal import ContentStore
internal import DefinitionScan
internal import DependencyGraph
internal import HostSystem
internal import ImageModel
internal import ImageTools
internal import ReleasePlanning

/// Everything that a release of a workspace is planned and made of.
struct Releasing: Sendable {
  let workspace: Workspace
  let definitions: [DestinationDefinition]
  let destinations: [String: any Destination]
  let history: ReleaseHistory

  /// A plan with what each line that is built would send.
  struct Plan: Sendable {
    var lines: [ReleaseLine]
    var shipments: [ReleaseLine: Shipment]

    var parts: [Publisher.Part] {
      lines.compactMap { line in
        guard line.isWork, !line.needsBuild, let shipment = shipments[line] else { return nil }
        return Publisher.Part(line: line, shipment: shipment)
      }
    }
  }

  /// - Parameter only: names of destinations; none means all.
  /// - Throws: `InvalidInput` when there is no destination, or none of such a name, or names that two artifacts claim.
  init(_ workspace: Workspace, only: [String]) throws(InvalidInput) {
    let all = workspace.settings.destinations
    let settings = SourceLocation(file: workspace.repository / "coppice.yaml")
    guard !all.isEmpty else {
      throw InvalidInput([
        Diagnostic(
          .error, "there is no destination to publish to", at: settings,
          help: "add one: destinations: {hub: {registry: docker.io}}")
      ])
    }
    for name in only where !all.contains(where: { $0.name == name }) {
      let names = all.map(\.name)
      throw InvalidInput([
        Diagnostic(
          .error, "there is no destination '\(name)'", at: settings,
          help: NearestSpelling.of(name, among: names).map { "did you mean '\($0)'?" }
            ?? "there are: \(names.joined(separator: ", "))")
      ])
    }
    guard workspace.tree.contestedAliases.isEmpty else {
      throw InvalidInput(
        workspace.tree.contestedAliases.map { alias in
          Diagnostic(
            .error,
            "the tag \(alias.reference) is claimed by \(alias.claimants.map(\.description).joined(separator: " and "))",
            help: "leave it to one of them: what is published under it must not depend on the order of files")
        })
    }
    let own = [workspace.repository, workspace.settings.images, workspace.stateDirectory]
    for definition in all {
      guard case .directory(let path) = definition.place else { continue }
      let isWithin = path.isBelow(workspace.settings.images) || path.isBelow(workspace.stateDirectory)
      guard isWithin || own.contains(path) else { continue }
      throw InvalidInput([
        Diagnostic(
          .error, "the destination '\(definition.name)' is where coppice keeps what it builds", at: definition.location,
          help: "name a directory of its own, which others read")
      ])
    }
    self.workspace = workspace
    definitions = all.filter { only.isEmpty || only.contains($0.name) }
    let processes = PosixProcessRunner()
    var found: [String: any Destination] = [:]
    for definition in definitions { found[definition.name] = try workspace.destination(definition, processes) }
    destinations = found
    history = ReleaseHistory(
      directory: workspace.repository / "releases", pending: workspace.stateDirectory / "release.yaml",
      files: workspace.files)
  }

  // MARK: The plan

  /// - Parameter countsBytes: whether to ask how much would have to be sent.
  func plan(_ selected: Set<ArtifactID>, countsBytes: Bool) async throws -> Plan {
    let ledger = try workspace.ledger()
    let build = try workspace.plan(selected, ledger: ledger)
    let lost = build.onlyLost
    var plan = Plan(lines: [], shipments: [:])
    for definition in definitions {
      guard let destination = destinations[definition.name] else { continue }
      let ids = build.order.filter { selected.contains($0) && workspace.isPublished($0, at: definition) }
      let candidates = try ids.map { try candidate($0, build, lost, ledger, definition, destination) }
      let last = try history.last(at: definition.name)
      let own = Set(workspace.recipes.keys.flatMap { workspace.publishedNames(of: $0, at: definition) })
      var asked: [String: Digest?] = [:]
      for name in last.keys where !own.contains(name) { asked[name] = .some(nil) }
      for candidate in candidates {
        for name in candidate.candidate.names { asked[name] = .some(candidate.candidate.target) }
      }
      let seen = try await destination.published(asked)
      let pending = try history.pending()?.entries.filter { $0.destination == definition.name }.map(\.change) ?? []
      var lines: [ReleaseLine] = []
      for (candidate, shipment, staleness) in candidates {
        var line = ReleasePlanner.line(
          candidate, at: definition.name, seen: seen, last: last.mapValues(\.digest))
        // An output that only this machine lacks need not be made again where it is published.
        if line.isWork, candidate.staleness != staleness {
          var lost = candidate
          lost.staleness = staleness
          line = ReleasePlanner.line(lost, at: definition.name, seen: seen, last: last.mapValues(\.digest))
        }
        // What a release that has not ended has switched was moved by nobody else.
        line.moved.removeAll { name in
          pending.contains { $0.name == name && [$0.from, $0.to].contains(seen[name]?.digest) }
        }
        if !line.needsBuild, line.isWork, let shipment { plan.shipments[line] = shipment }
        lines.append(line)
      }
      if countsBytes { try await count(&lines, destination, &plan) }
      plan.lines += lines
      plan.lines += ReleasePlanner.retired(last, at: definition.name, known: own, seen: seen)
    }
    return plan
  }

  private func count(
    _ lines: inout [ReleaseLine], _ destination: any Destination, _ plan: inout Plan
  ) async throws {
    let counted = lines.indices.filter { plan.shipments[lines[$0]] != nil }
    let missing = try await destination.missingBytes(of: counted.compactMap { plan.shipments[lines[$0]] })
    for (index, bytes) in zip(counted, missing) {
      let shipment = plan.shipments.removeValue(forKey: lines[index])
      lines[index].bytes = bytes
      plan.shipments[lines[index]] = shipment
    }
  }

  /// What an artifact is on our side, as if its output were at hand, and what it is really.
  private func candidate(
    _ id: ArtifactID, _ build: BuildPlan, _ lost: Set<ArtifactID>, _ ledger: Ledger,
    _ definition: DestinationDefinition, _ destination: any Destination
  ) throws -> (candidate: ReleasePlanner.Candidate, shipment: Shipment?, staleness: Staleness) {
    let names = workspace.publishedNames(of: id, at: definition)
    var staleness = build[id]?.staleness ?? .current
    guard let record = ledger[id] else {
      return (.init(artifact: id, names: names, staleness: staleness, output: nil, target: nil), nil, staleness)
    }
    if record.output.isAssumed, staleness == .current {
      staleness = .stale([.outputMissing("it was recorded by --touch, and never built")])
    }
    let isLost = lost.contains(id) && !record.output.isAssumed
    let isAtHand = staleness == .current
    // On a clone another one of the same content may stand for what is recorded.
    let output = isAtHand && id.kind == .sif ? try workspace.store.sif(for: record.output)?.output : nil
    let shipment = Shipment(
      artifact: id, names: names, fingerprint: record.fingerprint, output: output ?? record.output,
      image: workspace.imageBehind(id).flatMap { ledger[$0]?.output })
    let target = isAtHand ? try destination.target(of: shipment) : isLost ? record.output.manifest : nil
    return (
      .init(
        artifact: id, names: names, staleness: isLost ? .current : staleness, output: record.output.digest,
        target: target), isAtHand ? shipment : nil, staleness
    )
  }
}

extension Workspace {
  func destination(
    _ definition: DestinationDefinition, _ processes: PosixProcessRunner
  ) throws(InvalidInput) -> any Destination {
    switch definition.place {
    case .registry:
      return RegistryDestination(
        store: store, files: files, processes: processes, environment: invocation.environment,
        parents: { id in Array(parents(of: id, at: definition).prefix(3)) },
        note: { [invocation] in if !invocation.global.isQuiet { invocation.show([$0]) } })
    case .directory(let path):
      return DirectoryDestination(root: path, store: store, images: settings.images, files: files)
    case .remote(let place, let options):
      let named: RemotePlace
      if let place { named = place } else { named = try .casaDistro(invocation.environment) }
      return DirectoryDestination(
        named, options, publisher: publisher, store: store,
        images: settings.images, files: files, processes: processes, environment: invocation.environment)
    }
  }

  /// Who publishes, for others to see: the same on each run.
  private var publisher: String {
    let bytes = (try? files.contents(of: "/proc/sys/kernel/hostname", limit: 256)) ?? []
    let host = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    let text = "\(invocation.variable("USER") ?? "coppice")@\(host):\(repository)"
    return String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.map(Character.init))
  }

  /// Names of what an image is made from, the nearest first, as far as it is published at the same place.
  private func parents(of id: ArtifactID, at definition: DestinationDefinition) -> [String] {
    var found: [String] = []
    var next = graph.uses(of: id)
    // Many ways may lead to one of them.
    var known = Set(next)
    while !next.isEmpty {
      found += next.compactMap { publishedNames(of: $0, at: definition).first }
      next = next.flatMap { graph.uses(of: $0) }.filter { known.insert($0).inserted }
    }
    return found
  }

  /// The image that a SIF is made of.
  func imageBehind(_ id: ArtifactID) -> ArtifactID? {
    if case .conversion(let recipe)? = recipes[id] { recipe.image } else { nil }
  }

  private func image(of id: ArtifactID) -> ImageRecipe? {
    if case .image(let recipe)? = recipes[imageBehind(id) ?? id] { recipe } else { nil }
  }

  func isPublished(_ id: ArtifactID, at definition: DestinationDefinition) -> Bool {
    guard definition.kinds.contains(id.kind), let image = image(of: id) else { return false }
    return definition.visibilities.contains(image.visibility)
  }

  /// The names that an artifact has, or would have, at a destination, the main one first.
  func publishedNames(of id: ArtifactID, at definition: DestinationDefinition) -> [String] {
    guard isPublished(id, at: definition), let image = image(of: id) else { return [] }
    switch definition.place {
    case .directory, .remote: return [ConversionRecipe.fileName(of: id)]
    case .registry(let host, let path):
      return ([image.reference] + image.aliases).map { reference in
        var name = reference
        name.registry = host
        if let path { name.repository = path + "/" + image.id.name }
        if id.kind == .sif { name.tag = reference.tag.map { $0 + "-sif" } }
        return name.description
      }
    }
  }
}
