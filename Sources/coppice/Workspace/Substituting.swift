internal import BuildEngine
internal import BuildRecords
internal import DefinitionScan
internal import HostSystem
internal import ImageModel
internal import ImageTools
internal import ReleasePlanning

/// Fetches what the lockfile names from the destinations of a workspace.
struct Substituting: Sendable {
  private let workspace: Workspace
  private let sources: [(definition: DestinationDefinition, source: any ArtifactSource)]
  private let report: @Sendable (BuildEvent) -> Void
  /// Destinations that could not be asked: once is enough.
  private let unreachable = Locked(Set<String>())

  /// How many artifacts come at the same time.
  private static let width = 4

  /// Nil when nothing is published anywhere.
  /// - Parameter only: the names of destinations; none means all.
  init?(
    _ workspace: Workspace, only: [String] = [], report: @escaping @Sendable (BuildEvent) -> Void
  ) throws(InvalidInput) {
    let definitions = try workspace.destinations(named: only)
    guard !definitions.isEmpty else { return nil }
    self.workspace = workspace
    self.report = report
    let processes = PosixProcessRunner()
    var sources: [(DestinationDefinition, any ArtifactSource)] = []
    for definition in definitions {
      if let source = try workspace.destination(definition, processes) as? any ArtifactSource {
        sources.append((definition, source))
      }
    }
    self.sources = sources
  }

  /// For builds and for `coppice fetch`.
  var substitution: Substitution {
    Substitution { records in
      try await withThrowingTaskGroup(of: ArtifactID?.self) { group in
        var rest = records.sorted { $0.key < $1.key }[...]
        var fetched = Set<ArtifactID>()
        func next() {
          guard let (id, record) = rest.popFirst() else { return }
          group.addTask { try await fetch(id, record) ? id : nil }
        }
        for _ in 0..<Self.width { next() }
        while let id = try await group.next() {
          if let id { fetched.insert(id) }
          next()
        }
        return fetched
      }
    }
  }

  /// The first destination that has it; nil when none does.
  func place(of id: ArtifactID, _ record: BuildRecord) async throws -> String? {
    for (definition, source) in sources where isAsked(definition, for: id) {
      do {
        if try await source.has(shipment(id, record, definition)) { return definition.name }
      } catch let failure as Failure {
        try passOver(definition, failure)
      }
    }
    return nil
  }

  private func isAsked(_ definition: DestinationDefinition, for id: ArtifactID) -> Bool {
    workspace.isPublished(id, at: definition) && !unreachable.withLock { $0.contains(definition.name) }
  }

  private func passOver(_ definition: DestinationDefinition, _ failure: Failure) throws {
    try Task.checkCancellation()
    let isFirst = unreachable.withLock { $0.insert(definition.name).inserted }
    guard isFirst else { return }
    report(
      .note(
        Diagnostic(
          .warning, "nothing is fetched from \(definition.name): \(failure.message)", at: failure.location,
          help: failure.help)))
  }

  private func shipment(_ id: ArtifactID, _ record: BuildRecord, _ definition: DestinationDefinition) -> Shipment {
    let image = workspace.imageBehind(id).flatMap { record.upstreams[$0] }.map { ArtifactOutput(digest: $0) }
    return Shipment(
      artifact: id, names: workspace.publishedNames(of: id, at: definition), fingerprint: record.fingerprint,
      output: record.output, image: image)
  }

  private func fetch(_ id: ArtifactID, _ record: BuildRecord) async throws -> Bool {
    for (definition, source) in sources where isAsked(definition, for: id) {
      let shipment = shipment(id, record, definition)
      let (place, size) = (definition.name, record.output.size)
      let (clock, come) = (ContinuousClock(), Locked(0))
      let start = clock.now
      func end(isHere: Bool) {
        let (bytes, duration) = (come.withLock { $0 }, start.duration(to: clock.now))
        report(.fetched(id, from: place, bytes: bytes, duration: duration, isHere: isHere))
      }
      do {
        let isHere = try await source.fetch(shipment) { [report] count in
          let bytes = come.withLock { bytes in
            bytes += count
            return bytes
          }
          report(.fetching(id, from: place, bytes: bytes, size: size > 0 ? size : nil))
        }
        end(isHere: isHere)
        guard isHere else { continue }
        report(.note(Diagnostic(.note, "\(id) fetched from \(place): same fingerprint")))
        return true
      } catch let failure as Failure {
        end(isHere: false)
        try passOver(definition, failure)
      }
    }
    return false
  }
}

extension Workspace {
  /// - Parameter only: none means all.
  /// - Throws: for a name that no destination has.
  func destinations(named only: [String]) throws(InvalidInput) -> [DestinationDefinition] {
    let names = settings.destinations.map(\.name)
    for name in only where !names.contains(name) {
      throw InvalidInput([
        Diagnostic(
          .error, "there is no destination '\(name)'", at: SourceLocation(file: repository / "coppice.yaml"),
          help: NearestSpelling.of(name, among: names).map { "did you mean '\($0)'?" }
            ?? (names.isEmpty ? "add one to 'destinations'" : "there are: \(names.joined(separator: ", "))"))
      ])
    }
    return settings.destinations.filter { only.isEmpty || only.contains($0.name) }
  }
}
