import BuildEngine
import BuildRecords
import ContentStore
import DependencyGraph
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

/// Which files real engines take when ENV of a base and ARG give one variable two values.
@Suite struct BaseVariableTests {
  @Test(arguments: ["buildah", "podman"]) func theVariableOfTheBaseWins(_ name: String) async throws {
    guard Installed.path(name) != nil, Installed.compiler != nil else { return }
    let lab = try await RealEngine()
    let runner = lab.runner(name)
    let base = try lab.define("base", "FROM scratch\nCOPY sh /bin/sh\nENV V=base W=x=y\n")
    let made = try await runner.run(try lab.job(base)) { _ in }
    let engine = try await lab.finder(name).engine()
    let image = try #require(try await engine.image(config: made.digest))
    let environment = try await engine.environment(of: image)
    #expect(environment["V"] == "base" && environment["W"] == "x=y" && environment["X"] == nil)

    let reference = "example.invalid/base:1"
    let contents = ["in-base": "base", "in-arg": "arg"]
    let top = try lab.define(
      "top", "FROM \(reference)\nARG V=arg\nARG X=arg\nCOPY in-$V* /v/\nCOPY in-$X* /x/\n", files: contents)
    var pins = [reference: PinnedBase(digest: made.digest, isLocal: true)]
    // Nobody asked the base: the engine would silently take a file that was not staged.
    await #expect { _ = try await runner.run(try lab.job(top, bases: pins)) { _ in } } throws: {
      ($0 as? StepFailure)?.message.contains("the image \(reference) sets V") == true
    }
    let answers = BaseQuestions([top.id: .image(top)], in: GraphBuilder.build([]).graph).pin(
      ResolvedBase(try #require(pins[reference]), environment: environment),
      of: .init(reference: reference, platform: RealEngine.host))
    #expect(answers.environment == ["V": "base", "X": nil])
    pins[reference] = answers
    var config = BaseConfig(environment: ImageEnvironment(root: .image(reference)))
    config.environment.answers = answers.environment
    let output = try await runner.run(
      try lab.job(BaseReading.recipe(top, with: [reference: config]), bases: pins)
    ) { _ in }
    let paths = try lab.store.differences(between: made.digest, and: output.digest).map(\.path)
    #expect(Set(paths).isSuperset(of: ["/v/in-base", "/x/in-arg"]))
    #expect(!paths.contains("/v/in-arg"))
  }

  private static let reference = "example.invalid/base:1"

  /// ARG and ENV of one or two stages over a base with V and without W, and a COPY that each decides.
  private static func randomDockerfile(_ random: inout SeededGenerator) -> String {
    var lines = ["FROM \(reference) AS one"]
    for _ in 0..<Int.random(in: 1...5, using: &random) {
      let name = random.once(in: 2) ? "V" : "W"
      let value = ["a", "b", "base", "$V", "${W:-a}"][Int.random(in: 0..<5, using: &random)]
      switch Int.random(in: 0..<5, using: &random) {
      case 0: lines.append("ARG \(name)")
      case 1, 2: lines.append("ARG \(name)=\(value)")
      case 3: lines.append("ENV \(name)=\(value)")
      default: lines.append("FROM one AS two")
      }
    }
    if let second = lines.firstIndex(of: "FROM one AS two") {
      lines = lines[...second] + lines[(second + 1)...].filter { $0 != "FROM one AS two" }
    }
    return (lines + ["COPY in-$V /v/", "COPY in-$W /w/"]).joined(separator: "\n") + "\n"
  }

  /// What the reader takes for exact is what a real engine takes: it finds what it wants among the staged files.
  @Test func theEngineFindsWhatTheReaderChose() async throws {
    guard Installed.path("buildah") != nil, Installed.compiler != nil else { return }
    let lab = try await RealEngine()
    let runner = lab.runner("buildah")
    let made = try await runner.run(
      try lab.job(try lab.define("base", "FROM scratch\nCOPY sh /bin/sh\nENV V=base\n"))
    ) { _ in }
    let contents = Dictionary(uniqueKeysWithValues: ["", "a", "b", "base"].map { ("in-\($0)", $0) })
    var config = BaseConfig(environment: ImageEnvironment(root: .image(Self.reference)))
    config.environment.answers = ["V": "base", "W": nil]
    let pins = [
      Self.reference: PinnedBase(digest: made.digest, isLocal: true, environment: config.environment.answers)
    ]
    var exact = 0
    for seed in Soak.seeds(6) {
      var random = SeededGenerator(seed: seed)
      let text = Self.randomDockerfile(&random)
      let top = BaseReading.recipe(
        try lab.define("top\(seed)", text, files: contents), with: [Self.reference: config])
      guard case .selected(let selectors) = top.dockerfile.reach else { continue }
      exact += 1
      let output = try await runner.run(try lab.job(top, bases: pins)) { _ in }
      let paths = try lab.store.differences(between: made.digest, and: output.digest).map(\.path)
      let copied = selectors.map(\.pattern)
      for (directory, file) in zip(["/v/", "/w/"], copied.count == 1 ? copied + copied : copied) {
        #expect(paths.contains(directory + file), "seed \(seed): \(paths) of \(text)")
      }
    }
    #expect(exact * 4 > Soak.seeds(6).count, "most say nothing twice")
  }

  @Test func onlyTheValueThatWasReckonedWithIsTaken() throws {
    let use = ImageUse(
      reference: try ImageReference("b"), role: .from, location: SourceLocation(file: "/d/Dockerfile", line: 3),
      range: 5..<6)
    var known = ImageEnvironment(root: .image("docker.io/library/b:latest"))
    known.answers = ["A": "1", "N": nil]
    known.variables = ["E": .init(value: "2"), "U": .init(value: nil)]
    let check = VariableCheck(["A", "N", "E", "U", "OPEN", "PATH"], known)
    let right = ["A": "1", "E": "2", "U": "any", "PATH": "/bin", "OTHER": "x"]
    try check.check(right, of: use)
    for (name, value) in [("A", "2"), ("A", nil), ("N", "1"), ("E", "1"), ("OPEN", "")] {
      var wrong = right
      wrong[name] = value
      #expect(throws: StepFailure.self, "\(name)") { try check.check(wrong, of: use) }
    }
  }
}
