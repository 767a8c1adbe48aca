import ImageModel
import ReleasePlanning
import TestSupport

/// Plans of any contents, and what may happen to the world that they are about.
struct RandomPlan {
  var random: SeededGenerator

  init(seed: Int) { random = SeededGenerator(seed: seed) }

  private static let words = [
    "", "null", "~", "yes", "a: b", "- x", "# no comment", "'", "\"", "\\", "tab\tnew\nline", "é ü 漢字 🌲", "%s",
    "{a: [b", "*anchor", "&a", "12", "0x1F", "2026-11-20", " spaces ", "…", "\u{1}\u{7F}", "\u{FEFF}\u{2028}",
    String(repeating: "long ", count: 300),
  ]

  mutating func digest() -> Digest { .sha256("\(random.next())") }

  mutating func word() -> String { Self.words.randomElement(using: &random) ?? "" }

  mutating func maybe<Value>(_ value: (inout Self) -> Value) -> Value? {
    random.once(in: 3) ? nil : value(&self)
  }

  mutating func list<Value>(_ most: Int, _ value: (inout Self, Int) -> Value) -> [Value] {
    (0..<Int.random(in: 0...most, using: &random)).map { value(&self, $0) }
  }

  mutating func decisions() -> Decisions {
    func some(_ plan: inout Self) -> [Decisions.Decision] {
      plan.list(3) { plan, number in
        Decisions.Decision("pattern \(number)" + plan.word(), note: plan.maybe { $0.word() })
      }
    }
    return Decisions(ignored: some(&self), held: some(&self))
  }

  /// Consistent: its lines are about its sources and destinations.
  mutating func plan() -> ReleasePlan {
    let ids = (0...Int.random(in: 0..<6, using: &random)).map {
      ArtifactID(kind: $0.isMultiple(of: 2) ? .docker : .sif, name: "image\($0)", tag: "1")
    }
    var plan = ReleasePlan(
      time: Int.random(in: 0..<4_000_000_000, using: &random), targets: random.once(in: 2) ? [] : ids)
    plan.decisions = decisions()
    plan.destinations = ["hub", "web"].map { ReleasePlan.Place(name: $0, definition: "directory " + word()) }
    plan.sources = ids.map { .init(artifact: $0, inputs: digest(), recorded: maybe { $0.digest() }) }
    plan.bases = list(3) { plan, number in
      ReleasePlan.Base(reference: "base\(number)" + plan.word(), pinned: plan.maybe { $0.digest() })
    }
    for id in ids {
      for place in plan.destinations where !random.once(in: 3) { plan.lines.append(line(id, place.name)) }
    }
    plan.builds = plan.lines.filter { [.build, .may].contains($0.action) }.map { line in
      ReleasePlan.Build(
        artifact: line.artifact, isCertain: line.action == .build,
        expectedSeconds: maybe { Int.random(in: 0..<9999, using: &$0.random) },
        expectedBytes: maybe { Int.random(in: 0..<(1 << 40), using: &$0.random) },
        reasons: list(3) { plan, _ in plan.word() })
    }
    return plan
  }

  private mutating func line(_ id: ArtifactID, _ place: String) -> ReleasePlan.Line {
    let action: ReleasePlan.Action = [.build, .publish, .may, .keep].randomElement(using: &random) ?? .keep
    return ReleasePlan.Line(
      artifact: id, destination: place, action: action,
      names: (0...Int.random(in: 0..<3, using: &random)).map { number in
        ReleasePlan.Name("\(id.name):\(number)", from: maybe { $0.digest() }, isMoved: random.once(in: 5))
      },
      to: action == .publish ? digest() : nil, bytes: maybe { Int.random(in: 0..<1_000_000, using: &$0.random) },
      reasons: list(3) { plan, _ in plan.word() })
  }

  /// Something moves: what was done to the plan that would be made now, nil when that cannot be done to this one.
  mutating func move(_ now: inout ReleasePlan) -> String? {
    func place(_ count: Int, _ random: inout SeededGenerator) -> Int? {
      count == 0 ? nil : Int.random(in: 0..<count, using: &random)
    }
    switch Int.random(in: 0..<10, using: &random) {
    case 0:
      guard let index = place(now.sources.count, &random) else { return nil }
      now.sources[index].inputs = digest()
      return "a file was edited"
    case 1:
      guard let index = place(now.sources.count, &random) else { return nil }
      now.sources[index].recorded = now.sources[index].recorded == nil ? digest() : maybe { $0.digest() }
      return "the lockfile was edited"
    case 2:
      guard let index = now.bases.firstIndex(where: { $0.pinned != nil }) else { return nil }
      now.bases[index].pinned = maybe { $0.digest() }
      return "a base was pinned otherwise"
    case 3, 4:
      guard let index = place(now.lines.count, &random) else { return nil }
      let name = place(now.lines[index].names.count, &random) ?? 0
      now.lines[index].names[name].from = now.lines[index].names[name].from == nil ? digest() : maybe { $0.digest() }
      return "a tag was moved"
    case 5:
      guard let index = place(now.destinations.count, &random) else { return nil }
      now.destinations[index].definition += " elsewhere"
      return "a destination is another one"
    case 6:
      now.destinations.removeFirst()
      return "a destination is gone"
    case 7:
      now.destinations[0].problem = "down"
      return "a destination is down"
    case 8:
      now.sources.append(
        .init(artifact: ArtifactID(kind: .docker, name: "new", tag: "1"), inputs: digest(), recorded: nil))
      return "there is a new definition"
    default:
      guard let index = now.lines.firstIndex(where: { $0.action == .publish }) else { return nil }
      now.lines[index].to = digest()
      return "what would be published is another one"
    }
  }
}
