import BuildRecords
import ImageModel
import TestSupport
import Testing

/// What `explain` says, against slow and obvious references.
struct InputChangesTests {
  private static let file: FilePath = "/repository/a/1/Dockerfile"

  private static func lines(_ lines: [String]) -> [InputGroup: [ImageModel.SourceLocation]] {
    [.dockerfile: lines.indices.map { SourceLocation(file: file, line: $0 * 3 + 1) }]
  }

  private static func dockerfile(_ lines: [String]) -> StepInputs {
    StepInputs(lines.map { StepInput(.dockerfile, "", $0) })
  }

  @Test func namedInputsAreComparedByName() {
    for seed in 0..<500 {
      var random = SeededGenerator(seed: seed)
      func list() -> [String: String] {
        var list: [String: String] = [:]
        for _ in 0..<Int.random(in: 0...6, using: &random) {
          let group = [InputGroup.recipe, .argument, .context, .base, .upstream].randomElement(using: &random) ?? .base
          list["\(group.rawValue) n\(Int.random(in: 0...3, using: &random))"] = String(
            Int.random(in: 0...1, using: &random))
        }
        return list
      }
      func inputs(_ list: [String: String]) -> StepInputs {
        StepInputs(
          list.compactMap { key, value in
            let words = key.split(separator: " ")
            return InputGroup(rawValue: String(words[0])).map { StepInput($0, String(words[1]), value) }
          })
      }
      let (before, after) = (list(), list())
      var expected = Set<String>()
      for key in Set(before.keys).union(after.keys) where before[key] != after[key] {
        let kind = before[key] == nil ? "added" : after[key] == nil ? "removed" : "modified"
        expected.insert("\(key) \(kind) \(before[key] ?? "-") \(after[key] ?? "-")")
      }
      let changes = inputs(after).changes(since: inputs(before)).map {
        "\($0.group.rawValue) \($0.name) \($0.kind) \($0.before ?? "-") \($0.after ?? "-")"
      }
      #expect(Set(changes) == expected, "seed \(seed)")
      #expect(changes.count == expected.count, "seed \(seed)")
    }
  }

  @Test func instructionsAreComparedAsASequenceAndTheRightLinesAreNamed() {
    for seed in 0..<500 {
      var random = SeededGenerator(seed: seed)
      func lines() -> [String] { (0..<Int.random(in: 0...8, using: &random)).map { _ in "RUN \(random.next() % 4)" } }
      let (before, after) = (lines(), lines())
      let changes = Self.dockerfile(after).changes(
        since: Self.dockerfile(before), lines: Self.lines(after))
      let cost = changes.reduce(0) { $0 + ($1.kind == .modified ? 2 : 1) }
      #expect(cost == before.count + after.count - 2 * CommonSubsequence.length(before, after), "seed \(seed)")
      for change in changes {
        #expect(change.group == .dockerfile && change.name.isEmpty, "seed \(seed)")
        #expect((change.before == nil) == (change.kind == .added), "seed \(seed)")
        #expect((change.after == nil) == (change.kind == .removed), "seed \(seed)")
        guard let text = change.after else { continue }
        let line = change.location?.line ?? 0
        #expect(after.indices.contains((line - 1) / 3) && after[(line - 1) / 3] == text, "seed \(seed)")
      }
      #expect(
        Set(changes.compactMap { $0.after == nil ? nil : $0.location }).count == changes.count { $0.after != nil })
    }
  }

  @Test func aLinePutInIsOneChange() throws {
    let after = ["FROM a", "RUN one", "RUN new", "RUN two"]
    let changes = Self.dockerfile(after).changes(
      since: Self.dockerfile(["FROM a", "RUN one", "RUN two"]), lines: Self.lines(after))
    #expect(
      changes == [
        InputChange(.dockerfile, .added, "", after: "RUN new", location: SourceLocation(file: Self.file, line: 7))
      ])
  }

  @Test func whatWasTakenOutIsToldAtThePlaceWhereItStood() {
    let after = ["FROM a", "RUN two"]
    let changes = Self.dockerfile(after).changes(
      since: Self.dockerfile(["FROM a", "RUN one", "RUN two", "CMD x"]), lines: Self.lines(after))
    #expect(changes.map(\.before) == ["RUN one", "CMD x"])
    #expect(changes.map { $0.location?.line } == [4, 4])
  }

  /// Lists whose names and values are bytes: not all are texts, and two texts may look alike.
  private static func list(_ random: inout SeededGenerator) -> StepInputs {
    let bytes: [[UInt8]] = [[97], [98], [0xFF], [0xFE], Array("é".utf8), Array("e\u{301}".utf8), []]
    var names = Set<StepInput>()
    var inputs: [StepInput] = []
    for _ in 0..<Int.random(in: 0...5, using: &random) {
      let group = InputGroup.allCases.randomElement(using: &random) ?? .base
      let (name, value) = (bytes.randomElement(using: &random) ?? [], bytes.randomElement(using: &random) ?? [])
      let input = StepInput(group, name: group == .dockerfile ? [] : name, value: value)
      // A name stands once, but for instructions.
      guard group == .dockerfile || names.insert(StepInput(group, name: name, value: [])).inserted else { continue }
      inputs.append(input)
    }
    return StepInputs(inputs)
  }

  @Test func fingerprintsDifferWhereThereAreChangesAndNowhereElse() {
    for seed in Soak.seeds(3000) {
      var random = SeededGenerator(seed: seed)
      let (before, after) = (Self.list(&random), Self.list(&random))
      #expect(after.changes(since: before).isEmpty == (before.fingerprint == after.fingerprint), "seed \(seed)")
      #expect(before.changes(since: before).isEmpty, "seed \(seed)")
    }
  }

  @Test func theChangesMakeTheNewListOfTheOldOne() {
    for seed in Soak.seeds(1000) {
      var random = SeededGenerator(seed: seed)
      func list() -> StepInputs {
        var inputs: [StepInput] = []
        for group in InputGroup.allCases where !group.isSequence {
          for name in ["a", "b", "c"] where random.once(in: 2) {
            inputs.append(StepInput(group, name, "\(random.next() % 2)"))
          }
        }
        inputs += (0..<Int.random(in: 0...6, using: &random)).map { _ in
          StepInput(.dockerfile, "", "RUN \(random.next() % 3)")
        }
        return StepInputs(inputs)
      }
      let (before, after) = (list(), list())
      let lines = after[.dockerfile].map { String(decoding: $0.value, as: UTF8.self) }
      let changes = after.changes(since: before, lines: Self.lines(lines))
      #expect(Self.applied(changes, to: before) == after, "seed \(seed)")
    }
  }

  /// What a reader of the changes would make of the list.
  private static func applied(_ changes: [InputChange], to list: StepInputs) -> StepInputs {
    var inputs = list.inputs.filter { $0.group != .dockerfile }
    for change in changes where change.group != .dockerfile {
      inputs.removeAll { $0.group == change.group && $0.name == Array(change.name.utf8) }
      if let value = change.after { inputs.append(StepInput(change.group, change.name, value)) }
    }
    var old = list[.dockerfile].map { String(decoding: $0.value, as: UTF8.self) }[...]
    var new: [String] = []
    for change in changes where change.group == .dockerfile {
      let place = change.location.map { ($0.line - 1) / 3 } ?? 0
      while new.count < place, let line = old.popFirst() { new.append(line) }
      if let before = change.before {
        // What was removed at the end is told at the last line.
        while old.first != before, let line = old.popFirst() { new.append(line) }
        old = old.dropFirst()
      }
      if let after = change.after { new.append(after) }
    }
    return StepInputs(inputs + (new + old).map { StepInput(.dockerfile, "", $0) })
  }

  // MARK: reasons

  private static let upstream = "docker/b:1"

  private static func inputs(base: String = "1", upstream: String = "1", argument: String? = "4") -> StepInputs {
    StepInputs(
      [
        StepInput(.recipe, "kind", "docker 1"), StepInput(.base, "docker.io/library/u:1", "\(Digest.sha256(base))"),
        StepInput(.upstream, Self.upstream, "\(Digest.sha256(upstream))"),
      ] + (argument.map { [StepInput(.argument, "JOBS", $0)] } ?? []))
  }

  private static func reasons(_ now: StepInputs, withList: Bool) -> [StaleReason] {
    let before = inputs()
    let record = BuildRecord(before, output: ArtifactOutput(digest: .sha256("o")), generation: 0, refreshed: nil)
    return StalenessCheck(record: record, inputs: now, recordedInputs: withList ? before : nil).reasons
  }

  @Test(arguments: [true, false]) func basesAndUpstreamsHaveReasonsOfTheirOwnAlsoWithoutTheList(withList: Bool) throws {
    let id = try #require(ArtifactID(Self.upstream))
    #expect(Self.reasons(Self.inputs(), withList: withList) == [])
    #expect(
      Self.reasons(Self.inputs(base: "2"), withList: withList) == [
        .baseMoved("docker.io/library/u:1", from: .sha256("1"), to: .sha256("2"))
      ])
    #expect(
      Self.reasons(Self.inputs(upstream: "2"), withList: withList) == [
        .upstreamChanged(id, from: .sha256("1"), to: .sha256("2"))
      ])
    #expect(Self.reasons(Self.inputs(base: "2", upstream: "2", argument: "5"), withList: withList).count == 3)
  }

  @Test func withoutTheListTheGroupIsNamed() {
    #expect(
      Self.reasons(Self.inputs(argument: "5"), withList: false) == [
        .inputsChanged([InputChange(.argument, .modified, "")])
      ])
    #expect(
      Self.reasons(Self.inputs(argument: nil), withList: false) == [
        .inputsChanged([InputChange(.argument, .removed, "")])
      ])
    #expect(
      Self.reasons(Self.inputs(argument: "5"), withList: true) == [
        .inputsChanged([InputChange(.argument, .modified, "JOBS", before: "4", after: "5")])
      ])
  }

  @Test func anotherFingerprintOverEqualGroupsIsAReasonToo() {
    var record = BuildRecord(
      Self.inputs(), output: ArtifactOutput(digest: .sha256("o")), generation: 0, refreshed: nil)
    record.fingerprint = Fingerprint(.sha256("an older encoding"))
    let check = StalenessCheck(record: record, inputs: Self.inputs(), recordedInputs: nil)
    #expect(check.reasons == [.inputsChanged([InputChange(.recipe, .modified, "format")])])
    #expect(StalenessCheck(record: nil, inputs: Self.inputs(), recordedInputs: nil).reasons == [.neverBuilt])
  }
}
