package import ImageModel
internal import YAMLText

/// Reads the file of a release plan: what comes out is a plan as coppice wrote it, with decisions that people may have
/// edited, or every fault with its place.
package struct ReleasePlanReader {
  private static let limits = YAMLReader.Limits(bytes: 32 << 20, nodes: 1_000_000)

  private var reader: StrictReader
  private let file: FilePath

  /// - Throws: also for a plan that was edited beyond its decisions.
  package static func plan(_ bytes: [UInt8], file: FilePath) throws(InvalidInput) -> ReleasePlan {
    var reader = ReleasePlanReader(bytes, file)
    return try reader.plan(try reader.root(bytes))
  }

  /// The decisions alone, of a plan whose other parts may be anything; nil for YAML that is no plan of coppice.
  package static func decisions(_ bytes: [UInt8], file: FilePath) throws(InvalidInput) -> Decisions? {
    var reader = ReleasePlanReader(bytes, file)
    let isPlan = try YAMLReader.read(bytes, file: file, limits: Self.limits)?["release_plan"] != nil
    guard isPlan else { return nil }
    let root = try reader.root(bytes)
    let decisions = reader.decisions(root["decisions"])
    try reader.check()
    return decisions
  }

  private init(_ bytes: [UInt8], _ file: FilePath) {
    reader = StrictReader(source: SourceText(bytes, file: file))
    self.file = file
  }

  private func root(_ bytes: [UInt8]) throws(InvalidInput) -> YAMLNode {
    let again = "make one with `coppice plan --out FILE`"
    guard let root = try YAMLReader.read(bytes, file: file, limits: Self.limits), let version = root["release_plan"]
    else {
      throw InvalidInput([
        Diagnostic(.error, "this is no release plan of coppice", at: SourceLocation(file: file), help: again)
      ])
    }
    guard version.integer == ReleasePlan.version else {
      throw InvalidInput([
        Diagnostic(.error, "this version of coppice does not know such a plan", at: version.location, help: again)
      ])
    }
    return root
  }

  private func check() throws(InvalidInput) {
    guard reader.diagnostics.isEmpty else { throw InvalidInput(reader.diagnostics.sorted()) }
  }

  private mutating func plan(_ root: YAMLNode) throws(InvalidInput) -> ReleasePlan {
    let keys = [
      "release_plan", "decisions", "seal", "time", "seconds", "targets", "destinations", "builds", "lines", "tree",
      "bases",
    ]
    let members = members(root, "a release plan", keys)
    var plan = ReleasePlan(time: integer(members["seconds"], "'seconds'", root) ?? 0)
    plan.decisions = decisions(members["decisions"])
    plan.targets = list(members["targets"], "'targets'", root).compactMap { artifact($0, $0) }
    plan.destinations = list(members["destinations"], "'destinations'", root).compactMap { place($0) }
    plan.builds = list(members["builds"], "'builds'", root).compactMap { build($0) }
    plan.lines = list(members["lines"], "'lines'", root).compactMap { line($0) }
    plan.sources = list(members["tree"], "'tree'", root).compactMap { source($0) }
    plan.bases = list(members["bases"], "'bases'", root).compactMap { base($0) }
    let seal = digest(members["seal"], "'seal'")
    try check()
    guard seal == plan.seal else {
      throw InvalidInput([
        Diagnostic(
          .error, "the plan was edited beyond its decisions", at: (members["seal"] ?? root).location,
          help: "make it anew with `coppice plan --out`, which keeps the decisions")
      ])
    }
    return plan
  }

  // MARK: Parts

  private mutating func decisions(_ node: YAMLNode?) -> Decisions {
    guard let node, !node.isNull else { return Decisions() }
    let members = members(node, "'decisions'", Decisions.Ruling.Kind.allCases.map(\.rawValue))
    func entries(_ kind: Decisions.Ruling.Kind, _ reader: inout Self) -> [Decisions.Decision] {
      guard let node = members[kind.rawValue] else { return [] }
      return reader.list(node, "'\(kind.rawValue)'", node).compactMap { reader.decision($0) }
    }
    return Decisions(ignored: entries(.ignore, &self), held: entries(.hold, &self))
  }

  private mutating func decision(_ node: YAMLNode) -> Decisions.Decision? {
    guard node.mapping != nil else {
      return reader.word(node, "a decision").map { Decisions.Decision($0.value, location: $0.location) }
    }
    let members = members(node, "a decision", ["target", "note"])
    guard let target = members["target"] else {
      reader.report("the decision names no 'target'", at: node.location)
      return nil
    }
    let note = members["note"].flatMap { reader.text($0, "'note'") }?.value
    return reader.word(target, "'target'").map { Decisions.Decision($0.value, note: note, location: $0.location) }
  }

  private mutating func place(_ node: YAMLNode) -> ReleasePlan.Place? {
    let members = members(node, "a destination", ["name", "definition", "problem"])
    guard let name = text(members["name"], "'name'", node),
      let definition = text(members["definition"], "'definition'", node)
    else { return nil }
    let problem = members["problem"].flatMap { reader.text($0, "'problem'") }?.value
    return ReleasePlan.Place(name: name, definition: definition, problem: problem)
  }

  private mutating func build(_ node: YAMLNode) -> ReleasePlan.Build? {
    let members = members(node, "a build", ["artifact", "certain", "expected_seconds", "expected_bytes", "reasons"])
    guard let artifact = artifact(members["artifact"], node),
      let isCertain = boolean(members["certain"], "'certain'", node)
    else { return nil }
    return ReleasePlan.Build(
      artifact: artifact, isCertain: isCertain,
      expectedSeconds: members["expected_seconds"].flatMap { integer($0, "'expected_seconds'", node) },
      expectedBytes: members["expected_bytes"].flatMap { integer($0, "'expected_bytes'", node) },
      reasons: texts(members["reasons"], "'reasons'", node))
  }

  private mutating func line(_ node: YAMLNode) -> ReleasePlan.Line? {
    let members = members(
      node, "a line", ["artifact", "destination", "action", "names", "to", "bytes", "reasons"])
    let action = members["action"].flatMap { reader.choice($0, "'action'", of: ReleasePlan.Action.allCases) }
    guard let artifact = artifact(members["artifact"], node),
      let destination = text(members["destination"], "'destination'", node)
    else { return nil }
    guard let action else {
      if members["action"] == nil { missing("'action'", node) }
      return nil
    }
    return ReleasePlan.Line(
      artifact: artifact, destination: destination, action: action,
      names: list(members["names"], "'names'", node).compactMap { name($0) }, to: digest(members["to"], "'to'"),
      bytes: members["bytes"].flatMap { integer($0, "'bytes'", node) },
      reasons: texts(members["reasons"], "'reasons'", node))
  }

  private mutating func name(_ node: YAMLNode) -> ReleasePlan.Name? {
    let members = members(node, "a name", ["name", "from", "moved_by_others"])
    guard let name = text(members["name"], "'name'", node),
      let isMoved = boolean(members["moved_by_others"], "'moved_by_others'", node)
    else { return nil }
    return ReleasePlan.Name(name, from: digest(members["from"], "'from'"), isMoved: isMoved)
  }

  private mutating func source(_ node: YAMLNode) -> ReleasePlan.Source? {
    let members = members(node, "a part of the tree", ["artifact", "inputs", "recorded"])
    guard let artifact = artifact(members["artifact"], node) else { return nil }
    guard let inputs = digest(members["inputs"], "'inputs'") else {
      if members["inputs"] == nil { missing("'inputs'", node) }
      return nil
    }
    return ReleasePlan.Source(artifact: artifact, inputs: inputs, recorded: digest(members["recorded"], "'recorded'"))
  }

  private mutating func base(_ node: YAMLNode) -> ReleasePlan.Base? {
    let members = members(node, "a base", ["base", "pinned"])
    return text(members["base"], "'base'", node).map { reference in
      ReleasePlan.Base(reference: reference, pinned: digest(members["pinned"], "'pinned'"))
    }
  }

  // MARK: Values

  private mutating func members(_ node: YAMLNode, _ what: String, _ known: [String]) -> [String: YAMLNode] {
    reader.members(of: node, what, known: known) ?? [:]
  }

  private mutating func missing(_ what: String, _ parent: YAMLNode) {
    reader.report("\(what) is missing here", at: parent.location)
  }

  private mutating func list(_ node: YAMLNode?, _ what: String, _ parent: YAMLNode) -> [YAMLNode] {
    guard let node else {
      missing(what, parent)
      return []
    }
    return reader.list(node, what) ?? []
  }

  private mutating func text(_ node: YAMLNode?, _ what: String, _ parent: YAMLNode) -> String? {
    guard let node else {
      missing(what, parent)
      return nil
    }
    return reader.text(node, what)?.value
  }

  private mutating func texts(_ node: YAMLNode?, _ what: String, _ parent: YAMLNode) -> [String] {
    list(node, what, parent).compactMap { reader.text($0, "an element of \(what)")?.value }
  }

  private mutating func integer(_ node: YAMLNode?, _ what: String, _ parent: YAMLNode) -> Int? {
    guard let node else {
      missing(what, parent)
      return nil
    }
    return reader.integer(node, what, in: 0...(.max))
  }

  private mutating func boolean(_ node: YAMLNode?, _ what: String, _ parent: YAMLNode) -> Bool? {
    guard let node else {
      missing(what, parent)
      return nil
    }
    return reader.boolean(node, what)
  }

  private mutating func artifact(_ node: YAMLNode?, _ parent: YAMLNode) -> ArtifactID? {
    guard let text = text(node, "'artifact'", parent) else { return nil }
    guard let id = ArtifactID(text) else {
      reader.report("'\(text)' is no artifact", at: (node ?? parent).location)
      return nil
    }
    return id
  }

  /// Nothing for null.
  private mutating func digest(_ node: YAMLNode?, _ what: String) -> Digest? {
    guard let node, let text = reader.text(node, what) else { return nil }
    guard let digest = Digest(text.value) else {
      reader.report("\(what) is no digest", at: text.location)
      return nil
    }
    return digest
  }
}
