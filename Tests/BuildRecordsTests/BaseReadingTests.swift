import BuildRecords
import DockerfileText
import ImageModel
import Testing

struct BaseReadingTests {
  private static let host = Platform(os: "linux", architecture: "amd64")
  private static let base = "docker.io/library/node:onbuild"

  private static func config(_ triggers: [String]) -> BaseConfig {
    BaseConfig(triggers: triggers, environment: ImageEnvironment(root: .image(base)))
  }

  private func recipe(_ text: String, arguments: [String: String] = [:], target: String? = nil) -> ImageRecipe {
    let facts = DockerfileReader.read(
      Array(text.utf8), file: "/d/Dockerfile", buildArguments: arguments, target: target, platform: Self.host)
    var recipe = ImageRecipe(
      id: ArtifactID(kind: .docker, name: "x", tag: "1"),
      definition: DefinitionSource(path: "x", directory: "/d", origin: .repository),
      location: SourceLocation(file: "/d/casa_distro_docker.yaml"),
      reference: ImageReference(repository: "x", tag: "1"), dockerfile: facts, platform: Self.host)
    recipe.buildArguments = arguments
    recipe.target = target
    return recipe
  }

  /// The patterns, sorted; nil for the whole context.
  private func reach(
    _ text: String, _ triggers: String..., arguments: [String: String] = [:], target: String? = nil
  ) -> [String]? {
    let recipe = recipe(text, arguments: arguments, target: target)
    let widened = BaseReading.recipe(recipe, with: [Self.base: Self.config(triggers)])
    #expect(widened.dockerfile.text == recipe.dockerfile.text && widened.dockerfile.uses == recipe.dockerfile.uses)
    guard case .selected(let selectors) = widened.dockerfile.reach else { return nil }
    return selectors.map(\.pattern).sorted()
  }

  @Test func theFilesThatTriggersReadComeToThoseOfTheDockerfile() {
    let text = "FROM node:onbuild\nCOPY a /a\n"
    #expect(reach(text) == ["a"])
    #expect(reach(text, "RUN true", "ENV COPY=x") == ["a"])
    #expect(reach(text, "COPY package.json /src/", "RUN npm install", "ADD lib /src") == ["a", "lib", "package.json"])
    #expect(reach(text, "COPY . /src") == [".", "a"])
    #expect(reach(text, "RUN --mount=type=bind,source=m,target=/m true") == ["a", "m"])
    #expect(reach(text, "RUN --mount=target=/m true") == [".", "a"])
    #expect(reach(text, "RUN --mount=type=cache,target=/m true") == ["a"])
  }

  @Test func theyRunBehindTheirFromHoweverItIsWritten() {
    for from in [
      "FROM node:onbuild", "from node:onbuild as build", "FROM --platform=linux/amd64 node:onbuild",
      "FROM node:onbuild \\\n  AS build", "FROM node:onbuild \\\n# why\n  AS build",
    ] {
      #expect(reach(from + "\nCOPY a /a\n", "COPY t /t") == ["a", "t"], "\(from)")
      #expect(reach(from, "COPY t /t") == ["t"], "\(from)")
    }
    #expect(reach("# escape=`\nFROM node:onbuild `\n AS x\nCOPY a /a\n", "COPY t /t") == ["a", "t"])
  }

  @Test func theyFireOnlyInStagesOfTheirBaseThatAreNeeded() {
    let text = "FROM node:onbuild AS build\nFROM scratch AS plain\nCOPY a /a\nFROM build\nCOPY b /b\n"
    #expect(reach(text, "COPY t /t", target: "plain") == ["a"])
    #expect(reach(text, "COPY t /t") == ["b", "t"])
    #expect(reach("FROM debian\nCOPY a /a\nCOPY --from=node:onbuild /x /x\n", "COPY t /t") == ["a"])
  }

  @Test func stagesOfTheDockerfileAreNoFiles() {
    let text = "FROM scratch AS assets\nCOPY a /a\nFROM node:onbuild\n"
    #expect(reach(text, "COPY --from=assets /a /b") == ["a"])
  }

  @Test func basesThatComeOneAfterTheOtherAddToWhatWasThere() throws {
    let recipe = recipe("FROM node:onbuild AS one\nCOPY a /a\nFROM other:1\nCOPY --from=one /a /b\n")
    var widened = BaseReading.recipe(recipe, with: [Self.base: Self.config(["COPY t /t", "COPY a /x"])])
    widened = BaseReading.recipe(widened, with: ["docker.io/library/other:1": Self.config(["COPY u /u"])])
    guard case .selected(let selectors) = widened.dockerfile.reach else { throw Failure("the whole context") }
    #expect(selectors.map(\.pattern).sorted() == ["a", "t", "u"])
  }

  /// What a trigger takes is told where its base is named; everything else where it stands.
  @Test func everySourceHasAPlaceInTheDockerfile() {
    let recipe = recipe(
      "# syntax\nFROM node:onbuild \\\n  AS one\nCOPY a /a\n\nFROM node:onbuild\nCOPY --from=one /a /b\nCOPY c /c")
    let config = Self.config(["RUN x", "COPY t /t", "ADD u /u"])
    let facts = BaseReading.recipe(recipe, with: [Self.base: config]).dockerfile
    #expect(
      facts.sources.map { "\($0.location.line) \($0.instruction) \($0.text)" } == [
        "2 ONBUILD COPY t", "2 ONBUILD ADD u", "4 COPY a", "6 ONBUILD COPY t", "6 ONBUILD ADD u", "8 COPY c",
      ])
  }

  /// A variable that was unknown without the base is no reason to take everything with it.
  @Test func notesAreThoseOfTheReadingThatCounts() {
    let recipe = recipe("ARG D=x\nFROM node:onbuild\nRUN x\nCOPY $DIR/f $D /\nCOPY $OTHER /o")
    var config = Self.config(["RUN y", "COPY t /t"])
    config.environment.variables["DIR"] = .init(value: "one")
    config.environment.variables["D"] = .init(value: "two")
    let facts = BaseReading.recipe(recipe, with: [Self.base: config]).dockerfile
    #expect(facts.sources.map(\.text).contains("one/f"))
    #expect(facts.diagnostics.filter { $0.severity == .note }.map { $0.location?.line } == [5])
  }

  /// Nothing else counts what stands in that stage.
  @Test func aStageThatOnlyATriggerNeedsIsAFault() {
    func faults(_ text: String) -> [String] {
      let read = BaseReading.recipe(recipe(text), with: [Self.base: Self.config(["COPY --from=st /z /z"])])
      return read.baseFaults.map { "\($0.location?.line ?? 0): \($0.message)" }
    }
    let text = "FROM scratch AS st\nRUN 1\nFROM node:onbuild\n"
    #expect(faults(text) == ["3: ONBUILD of node:onbuild takes from the stage 'st', which nothing else needs"])
    #expect(faults(text + "COPY --from=st /y /y\n") == [])
  }

  @Test func whatATriggerMayMeanOtherwiseTakesTheWholeContext() {
    #expect(reach("FROM node:onbuild\n", "COPY <<E t /t") == nil)
    #expect(reach("FROM node:onbuild\n", "COPY t /t\\") == nil)
    #expect(reach("# escape=`\nFROM node:onbuild\n", "COPY a\\b /t") == nil)
    #expect(reach("# escape=`\nFROM node:onbuild\n", "COPY t /t") == ["t"])
    #expect(reach("FROM node:onbuild\n", "COPY a`b /t") == ["a`b"])
  }

  /// Arguments that triggers take count, and so do stages that they may name.
  @Test func whatTriggersTakeOfTheDockerfileCounts() {
    func counted(_ triggers: String...) -> (taken: [String], text: [String]) {
      let image = recipe("ARG G=1\nARG H=$G\nFROM node:onbuild AS b\nFROM b", arguments: ["A": "1", "G": "2"])
      let facts = BaseReading.recipe(image, with: [Self.base: Self.config(triggers)]).dockerfile
      return (["A", "G", "H"].filter(facts.takes), facts.counted.map(\.text))
    }
    let plain = ["FROM node:onbuild", "FROM stage 0"]
    #expect(counted() == ([], plain) && counted("RUN x") == ([], plain))
    #expect(counted("ARG A") == (["A"], plain))
    #expect(counted("ARG H") == (["G", "H"], ["ARG G=1", "ARG H=$G"] + plain))
    let whole = ["ARG G=1", "ARG H=$G", "FROM node:onbuild AS b", "FROM b"]
    #expect(counted("COPY --from=b /x /x").text == whole)
    #expect(counted("ARG TARGETSTAGE").text == whole)
    #expect(counted("COPY <<E t /t") == (["A", "G", "H"], whole))
  }

  @Test func argumentsOfTriggersAreThoseOfTheBuild() {
    let text = "FROM node:onbuild\n"
    #expect(reach(text, "ARG DIR=src", "COPY $DIR /x") == ["src"])
    #expect(reach(text, "ARG DIR=src", "COPY $DIR /x", arguments: ["DIR": "lib"]) == ["lib"])
    #expect(reach(text, "COPY $FROM_THE_BASE /x") == nil)
  }
}
