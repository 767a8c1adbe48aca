import HostSystem
import ImageModel
import ReleasePlanning
import TestSupport
import Testing

@Suite struct ReleasePlanTests {
  private func read(_ text: String) throws(InvalidInput) -> ReleasePlan {
    try ReleasePlanReader.plan(Array(text.utf8), file: "plan.yaml")
  }

  /// The first fault of a text.
  private func firstFault(_ text: String) -> Diagnostic? {
    do {
      _ = try read(text)
      return nil
    } catch {
      return error.diagnostics.first
    }
  }

  @Test func aPlanIsReadAsItWasWritten() throws {
    for seed in Soak.seeds(100) {
      var random = RandomPlan(seed: seed)
      let plan = random.plan()
      let again = try read(plan.text)
      #expect(again == plan, "seed \(seed)")
      #expect(again.text == plan.text, "seed \(seed)")
    }
  }

  @Test func decisionsMayBeEditedAndNothingElse() throws {
    for seed in Soak.seeds(60) {
      var random = RandomPlan(seed: seed)
      let plan = random.plan()
      var decided = plan
      decided.decisions = random.decisions()
      #expect(decided.seal == plan.seal)
      #expect(try read(decided.text) == decided, "seed \(seed)")
      // A plan that is made anew takes them along.
      var next = random.plan()
      next.decisions =
        try ReleasePlanReader.decisions(Array(decided.text.utf8), file: "plan.yaml") ?? Decisions()
      #expect(try read(next.text).decisions == decided.decisions, "seed \(seed)")

      var moved = plan
      guard random.move(&moved) != nil, moved != plan else { continue }
      let forged = moved.text.replacing("\(moved.seal)", with: "\(plan.seal)")
      let fault = try #require(firstFault(forged), "seed \(seed)")
      #expect(fault.message == "the plan was edited beyond its decisions" && (fault.location?.line ?? 0) > 3)
    }
  }

  @Test func whatPeopleWriteIsRead() throws {
    let text = ReleasePlan(time: 0).text.replacing(
      "decisions:\n  ignore: []\n  hold: []\n",
      with: "decisions:\n  hold: [sif/*, {note: 'until Monday', target: base}]  # mine\n")
    let decisions = try read(text).decisions
    #expect(decisions == Decisions(held: [.init("sif/*"), .init("base", note: "until Monday")]))
    #expect(decisions.held.map { $0.location?.description } == ["plan.yaml:6:10", "plan.yaml:6:48"])
    #expect(
      try read(text.replacing("decisions:\n  hold: [sif/*, {note: 'until Monday', target: base}]  # mine\n", with: ""))
        .decisions == Decisions())
  }

  @Test(arguments: [
    ("decisions: {hodl: [a]}", "unknown key 'hodl' in 'decisions'", 5, 13),
    ("decisions: {hold: a}", "'hold' must be a list, this is text", 5, 19),
    ("decisions: {hold: [{note: x}]}", "the decision names no 'target'", 5, 20),
    ("decisions: {hold: ['']}", "a decision is empty", 5, 20), ("decisions: [", "invalid YAML", 5, 12),
  ])
  func aFaultOfADecisionHasItsPlace(_ decisions: String, _ message: String, line: Int, column: Int) throws {
    let text = ReleasePlan(time: 0).text.replacing("decisions:\n  ignore: []\n  hold: []", with: decisions)
    let fault = try #require(firstFault(text))
    #expect(fault.message.hasPrefix(message), "\(fault.message)")
    if message != "invalid YAML" {
      #expect(fault.location == SourceLocation(file: "plan.yaml", line: line, column: column))
    }
  }

  @Test(arguments: [
    "", "[]", "x", "soma:\n  soma-base: {todo: []}\n", "release_plan: 2\n", "release_plan: 1\n", "release_plan:",
  ])
  func whatIsNoPlanIsSaidSo(_ text: String) { #expect(firstFault(text) != nil) }

  /// Whatever a hostile hand makes of a file: a plan or a fault, never a crash, and never another plan under its seal.
  @Test func aDamagedFileIsAFault() throws {
    for seed in Soak.seeds(120) {
      var random = RandomPlan(seed: seed)
      let plan = random.plan()
      var bytes = Array(plan.text.utf8)
      for _ in 0...Int.random(in: 0..<4, using: &random.random) {
        let place = Int.random(in: 0..<bytes.count, using: &random.random)
        switch Int.random(in: 0..<3, using: &random.random) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.random.next())
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + 40))
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: place)
        }
        if bytes.isEmpty { bytes = [10] }
      }
      do {
        var read = try ReleasePlanReader.plan(bytes, file: "plan.yaml")
        read.decisions = plan.decisions
        #expect(read == plan, "seed \(seed)")
      } catch {
        #expect(!error.diagnostics.isEmpty)
      }
    }
  }

  // MARK: Movements

  @Test func aPlanHoldsWhileNothingMoves() {
    for seed in Soak.seeds(60) {
      var random = RandomPlan(seed: seed)
      let plan = random.plan()
      #expect(plan.movements(to: plan) == [], "seed \(seed)")
    }
  }

  @Test func whateverMovesIsNamed() {
    var moves = 0
    for seed in Soak.seeds(300) {
      var random = RandomPlan(seed: seed)
      let plan = random.plan()
      var now = plan
      guard let what = random.move(&now), now != plan else { continue }
      moves += 1
      #expect(!plan.movements(to: now).isEmpty, "seed \(seed): \(what)")
    }
    #expect(moves > 150)
  }

  private static let base = ArtifactID(kind: .docker, name: "base", tag: "1")
  private static let science = ArtifactID(kind: .docker, name: "science", tag: "1")

  /// base must be built, science perhaps.
  private var small: ReleasePlan {
    var plan = ReleasePlan(
      time: 0, destinations: [.init(name: "hub", definition: "registry x")],
      builds: [
        .init(artifact: Self.base, isCertain: true, expectedSeconds: nil, reasons: ["edited"]),
        .init(artifact: Self.science, isCertain: false, expectedSeconds: nil, reasons: []),
      ])
    plan.sources = [Self.base, Self.science].map {
      .init(artifact: $0, inputs: .sha256("inputs \($0)"), recorded: .sha256("old \($0)"))
    }
    plan.lines = [(Self.base, ReleasePlan.Action.build), (Self.science, .may)].map { id, action in
      .init(
        artifact: id, destination: "hub", action: action, names: [.init("\(id.name):1", from: .sha256("old"))], to: nil,
        bytes: nil, reasons: [])
    }
    return plan
  }

  /// What it has built, and let names lead to, before it failed.
  @Test func whatAPlanHasMadeItselfIsNoMovement() {
    let plan = small
    var now = plan
    now.builds.removeFirst()
    now.sources[0].recorded = .sha256("new base")
    // A base that was pinned for the build may have had a say in what is taken of the tree.
    now.sources[0].inputs = .sha256("more inputs")
    now.lines[0].action = .keep
    now.lines[0].names[0].from = .sha256("new")
    #expect(plan.movements(to: now).map(\.kind) == [.lock, .tree, .destination])
    let own = OwnChanges(
      records: [Self.base: .sha256("new base")], switches: [.init("base:1", at: "hub"): .sha256("new")])
    #expect(plan.movements(to: now, except: own) == [])
    // But whoever edits it after it was built is found.
    now.builds = plan.builds
    #expect(plan.movements(to: now, except: own) == [Movement(.tree, "docker/base:1 was edited")])
    now.builds.removeFirst()
    now.sources[0].recorded = .sha256("theirs")
    #expect(plan.movements(to: now, except: own).map(\.kind) == [.lock, .tree])
  }

  @Test func whatComesOutIsPublishedOrNot() {
    let plan = small
    for action in [ReleasePlan.Action.publish, .keep, .build, .may] {
      var now = plan
      now.lines[1].action = action
      #expect(plan.movements(to: now) == [], "\(action)")
    }
    var ready = plan
    ready.lines[0].action = .publish
    ready.lines[0].to = .sha256("new")
    #expect(ready.movements(to: plan).map(\.kind) == [.output], "it is not here any more")
    var other = ready
    other.lines[0].to = .sha256("other")
    #expect(ready.movements(to: other).map(\.kind) == [.output])
    var done = ready
    done.lines[0].action = .keep
    done.lines[0].names[0].from = .sha256("new")
    #expect(ready.movements(to: done) == [], "somebody has published it already")
  }

  @Test func aRetiredNameMayGo() {
    var plan = small
    plan.lines[0].action = .retire
    var now = plan
    now.lines.removeFirst()
    #expect(plan.movements(to: now) == [])
  }

  // MARK: Decisions

  @Test func ignoringIsStrongerThanHolding() {
    let decisions = Decisions(ignored: [.init("base")], held: [.init("all", note: "later"), .init("typo")])
    let (rulings, idle) = decisions.rulings { pattern in
      pattern == "all" ? [Self.base, Self.science] : pattern == "base" ? [Self.base] : []
    }
    #expect(rulings == [Self.base: .init(.ignore), Self.science: .init(.hold, note: "later")])
    #expect(idle.map(\.pattern) == ["typo"])
  }

  @Test func whatWasAppliedIsRemembered() throws {
    let record = ApplyRecord(plan: .sha256("plan"), builds: [3, 4], records: [Self.base: .sha256("b")])
    #expect(ApplyRecord(reading: Array(record.text.utf8), file: "x") == record)
    for text in ["", "{", "plan: x", "[1]"] { #expect(ApplyRecord(reading: Array(text.utf8), file: "x") == nil) }
  }

  @Test func aReleaseKnowsItsPlan() throws {
    let history = ReleaseHistory(directory: "/r/releases", pending: "/r/p", files: InMemoryFileSystem(root: "/r"))
    let release = Release(
      time: 1,
      entries: [.init(artifact: Self.base, destination: "hub", change: NameSwitch("a", from: nil, to: .sha256("a")))],
      plan: .sha256("plan"))
    try history.begin(release)
    #expect(try history.pending() == release)
    #expect(try history.switches(by: .sha256("plan")) == [.init("a", at: "hub"): .sha256("a")])
    #expect(try history.switches(by: .sha256("other")) == [:])
    try history.finish(release)
    #expect(try history.switches(by: .sha256("plan")) == [.init("a", at: "hub"): .sha256("a")])
  }
}
