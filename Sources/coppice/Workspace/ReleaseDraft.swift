internal import BuildEngine
internal import BuildRecords
internal import ImageModel
internal import ReleasePlanning

/// What a release would do now, with what each line that is built would send.
struct ReleaseDraft: Sendable {
  /// By destination, in the order of building.
  var lines: [ReleaseLine] = []
  var shipments: [ReleasePlan.Line.Key: Shipment] = [:]
  /// Why destinations could not be asked.
  var problems: [String: Failure] = [:]
  let build: BuildPlan
  let ledger: Ledger

  /// - Parameter rulings: of artifacts that people have decided about: those are left out.
  func parts(_ rulings: [ArtifactID: Decisions.Ruling]) -> [Publisher.Part] {
    lines.compactMap { line in
      guard line.isWork, !line.needsBuild, rulings[line.artifact] == nil, let shipment = shipments[line.key] else {
        return nil
      }
      return Publisher.Part(line: line, shipment: shipment)
    }
  }
}
