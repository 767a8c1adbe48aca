import ImageModel
import Testing

/// Names and numbers of stages count for nothing, what they lead to for everything.
@Suite struct StageNameTests {
  /// Stages that take from each other.
  private struct Plan {
    /// For each stage the base, `scratch` or an earlier stage, and the stages that it copies from.
    var stages: [(base: Int?, sources: [Int])] = []

    init(_ random: inout Seeded) {
      for index in 0..<Int.random(in: 2...6, using: &random) {
        let earlier = Array(0..<index)
        let base = index > 0 && Bool.random(using: &random) ? random.pick(earlier) : nil
        stages.append((base, index == 0 ? [] : (0..<3).map { _ in random.pick(earlier) }))
      }
    }

    /// The same stages under other names, by name or by number, with others between them that nobody needs.
    func text(_ random: inout Seeded) -> String {
      var text = ""
      var places: [Int] = []
      var count = 0
      let prefix = random.pick(["s", "Stage-", "x_"])
      for (index, stage) in stages.enumerated() {
        while Int.random(in: 0..<3, using: &random) == 0 {
          text += "FROM other\(random.pick(["", " AS idle\(count)"]))\nCOPY idle /\n"
          count += 1
        }
        places.append(count)
        count += 1
        text += "FROM \(stage.base.map { "\(prefix)\($0)" } ?? "base:\(index)") AS \(prefix)\(index)\n"
        for (line, source) in stage.sources.enumerated() {
          let name = Bool.random(using: &random) ? "\(prefix)\(source)".uppercased() : "\(places[source])"
          text += line == 0 ? "RUN --mount=from=\(name),target=/m x\n" : "COPY --chown=1 --from=\(name) f\(line) /\n"
        }
      }
      return text
    }
  }

  @Test(arguments: 0..<300) func stagesAreTheSameUnderOtherNames(seed: UInt64) {
    var random = Seeded(seed)
    var plan = Plan(&random)
    let counted = read(plan.text(&random)).counted.map(\.text)
    for _ in 0..<5 { #expect(read(plan.text(&random)).counted.map(\.text) == counted) }
    // Another stage to take from is another image, unless both are made alike.
    guard let last = plan.stages.indices.last, last > 1, let source = plan.stages[last].sources.first else { return }
    plan.stages[last].sources[0] = source == 0 ? last - 1 : 0
    #expect(read(plan.text(&random)).counted.map(\.text) != counted)
  }
}
