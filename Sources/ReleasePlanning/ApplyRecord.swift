package import ImageModel
internal import YAMLText

/// How far the application of a plan has come: what its builds made, so that applying it again goes on.
package struct ApplyRecord: Hashable, Sendable {
  /// The seal of the plan.
  package var plan: Digest
  /// Numbers of its builds in the journal.
  package var builds: [Int]
  /// What the lockfile recorded of what they made.
  package var records: [ArtifactID: Digest]

  package init(plan: Digest, builds: [Int] = [], records: [ArtifactID: Digest] = [:]) {
    self.plan = plan
    self.builds = builds
    self.records = records
  }

  package var text: String {
    let records: [YAMLValue] = records.sorted { $0.key < $1.key }.map { id, digest in
      ["artifact": .text("\(id)"), "recorded": .text("\(digest)")]
    }
    let value: YAMLValue = [
      "plan": .text("\(plan)"), "builds": .sequence(builds.map { .integer($0) }), "records": .sequence(records),
    ]
    return "# Written by coppice apply; without it a plan that was applied in part must be made anew.\n"
      + YAMLWriter.text(of: value)
  }

  /// Nil for what is no such record: nothing is known to be made by a plan then.
  package init?(reading bytes: [UInt8], file: FilePath) {
    guard let root = try? YAMLReader.read(bytes, file: file, limits: .init(bytes: 32 << 20, nodes: 1_000_000)),
      let plan = root["plan"]?.text.flatMap({ Digest($0) })
    else { return nil }
    self.init(plan: plan, builds: root["builds"]?.sequence?.compactMap(\.integer) ?? [])
    for node in root["records"]?.sequence ?? [] {
      guard let id = node["artifact"]?.text.flatMap({ ArtifactID($0) }),
        let digest = node["recorded"]?.text.flatMap({ Digest($0) })
      else { continue }
      records[id] = digest
    }
  }
}
