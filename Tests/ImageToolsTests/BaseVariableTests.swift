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
