import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// What `explain` and `history` say, asked of the real program.
@Suite struct ExplainTests {
  private static let base: FilePath = "share/docker/base/1"

  /// A template, arguments, texts, a generator, and two roots below `app`.
  private static func define(_ tree: Repository) throws {
    try tree.define(
      "base/1",
      """
      image_sources:
        - name: base
          tags: ['1']
          template_files_parameters: {distro: "debian:11", image: "%(distro)s-slim", other: x}
          build_args: {JOBS: '4'}

      """, dockerfile: "")
    try Laboratory.files.remove(tree.directory / base / "Dockerfile")
    try tree.write(base / "Dockerfile.template", "FROM %(image)s\nARG JOBS\nCOPY *.txt *.log /\n")
    try tree.write(base / "data.txt", "one\ntwo\nthree\n")
    try tree.write(base / "x.log", "log\n")
    try tree.define(
      "lib/1", "image_sources:\n  - {name: lib, tags: ['1']}\n", dockerfile: "FROM scratch\nCOPY lib /\n")
    try tree.write("share/docker/lib/1/lib", "lib\n")
    try tree.define(
      "app/1",
      """
      dependencies: [../../base, ../../lib]
      image_sources:
        - {name: app, tags: ['1']}
      generate:
        - {output: made, command: [sh, -c, "cat input > {output}"], inputs: [input]}

      """, dockerfile: "FROM cati/base:1\nCOPY --from=cati/lib:1 /lib /\nCOPY own made /\n")
    try tree.write("share/docker/app/1/own", "own\n")
    try tree.write("share/docker/app/1/input", "input\n")
  }

  private static func chain(_ tree: Repository, _ words: String...) async throws -> [String: JSONValue] {
    let run = try await tree.coppice(["explain", "--json"] + words)
    try #require(run.exitCode == 0, "\(run.all)")
    let links = try JSONValue(parsing: run.output)["chain"]?.array ?? []
    #expect(links.first?["id"]?.string == "docker/app:1" || words.first != "app:1")
    return Dictionary(uniqueKeysWithValues: links.map { ($0["id"]?.string ?? "", $0) })
  }

  private static func changes(_ link: JSONValue?) -> [JSONValue] {
    (link?["reasons"]?.array ?? []).flatMap { $0["changes"]?.array ?? [] }
  }

  @Test func everyRootCauseIsNamedWithWhatChanged() async throws {
    let tree = try await Repository()
    try Self.define(tree)
    try await tree.build("--touch")
    let yaml = Self.base / "casa_distro_docker.yaml"
    // A parameter that renders to the same text is no change.
    try tree.write(yaml, try tree.directory.text(yaml).replacing("other: x", with: "other: y"))
    let states = try await tree.states()
    #expect(Set(states.values) == ["current"] && states.keys.contains("generate/app/1:made"), "\(states)")

    try tree.write(
      yaml,
      try tree.directory.text(yaml).replacing("debian:11", with: "debian:12").replacing("JOBS: '4'", with: "JOBS: '8'"))
    try tree.write(Self.base / "data.txt", "one\nTWO\nthree\n")
    try tree.write(Self.base / ".dockerignore", "*.log\n")
    try tree.write("share/docker/app/1/own", "other\n")
    try tree.write("share/docker/app/1/input", "another\n")
    let chain = try await Self.chain(tree, "app:1")
    #expect(Set(chain.keys) == ["docker/app:1", "docker/base:1", "generate/app/1:made"], "lib has not changed")
    #expect(chain["docker/app:1"]?["causes"]?.strings == ["docker/base:1", "generate/app/1:made"])
    #expect(Self.changes(chain["docker/app:1"]).first?["diff"]?.strings == ["@@ -1 +1 @@", "-own", "+other"])
    #expect(
      Self.changes(chain["generate/app/1:made"]).first?["diff"]?.strings == ["@@ -1 +1 @@", "-input", "+another"])
    let changes = Self.changes(chain["docker/base:1"])
    let instruction = try #require(changes.first { $0["what"] == "dockerfile" })
    #expect(instruction["path"] == "Dockerfile.template")
    #expect(instruction["diff"]?.strings == ["-FROM debian:11-slim", "+FROM debian:12-slim"])
    #expect(instruction["causes"]?.array?.count == 1)
    #expect(instruction["causes"]?[0]?["name"] == "distro")
    #expect(instruction["causes"]?[0]?["location"]?["line"] == 4)
    let argument = try #require(changes.first { $0["what"] == "argument" })
    #expect(argument["location"]?["line"] == 5)
    #expect(changes.first { $0["path"] == "x.log" }?["causes"]?[0]?["path"] == ".dockerignore")
    #expect(changes.first { $0["path"] == "data.txt" }?["diff"]?.strings?.contains("+TWO") == true)

    let text = try await tree.coppice("explain", "app:1").output
    for line in [
      "docker/app:1 is stale", "because of docker/base:1", "because of generate/app/1:made",
      "Dockerfile.template: %(distro)s = debian:11 → debian:12",
      "at share/docker/base/1/casa_distro_docker.yaml:4:41", "build argument JOBS changed 4 → 8",
      "at share/docker/base/1/casa_distro_docker.yaml:5:24", "context file x.log removed (.dockerignore changed)",
      "-two", "+TWO",
    ] { #expect(text.contains("  \(line)\n") || text.contains("\(line)\n"), "\(line)\n\(text)") }
  }

  @Test func withoutTheListTheGroupIsNamedAndWhy() async throws {
    let tree = try await Repository()
    try Self.define(tree)
    try await tree.build("--touch")
    try Laboratory.files.removeTree(tree.directory / ".coppice/store")
    try tree.write("share/docker/lib/1/lib", "other\n")
    let run = try await tree.coppice("explain", "lib:1")
    #expect(run.output.contains("context files changed"), "\(run.all)")
    #expect(run.output.contains("no more can be said: the list of inputs sha256:"), "\(run.all)")
    #expect(try await Self.chain(tree, "lib:1")["docker/lib:1"]?["note"]?.string != nil)
  }

  @Test func detailsThatAreLostOrDamagedCostTheLinesOnly() async throws {
    let tree = try await Repository()
    try Self.define(tree)
    try await tree.build("--touch")
    try tree.write("share/docker/lib/1/lib", "other\n")
    let whole = try await tree.coppice("explain", "lib:1").output
    #expect(whole.contains("-lib"))
    for entry in try Laboratory.files.entries(of: tree.directory / ".coppice/store/coppice/details") {
      try tree.write(".coppice/store/coppice/details" / entry.name, "coppice-details 1 sha256:\n")
    }
    let run = try await tree.coppice("explain", "lib:1")
    #expect(run.exitCode == 0 && run.output.contains("context file lib modified"), "\(run.all)")
    #expect(run.output.contains("contents sha256:"), "\(run.all)")
  }

  /// `tools` was assumed to be made from an image that was only assumed, too, and then made for `app`.
  @Test(.enabled(if: Laboratory.hasBusybox && Laboratory.directory != nil, "make test prepares the peers"))
  func aListWhoseUpstreamIsKnownNowExplainsWhatItDidBefore() async throws {
    let tree = try await Repository()
    try tree.defineShell("base")
    for name in ["app", "tools"] {
      try tree.define(
        "\(name)/1", "image_sources:\n  - {name: \(name), tags: ['1']}\n", dockerfile: "FROM cati/base:1\nCOPY own /\n")
      try tree.write(FilePath("share/docker/\(name)/1/own"), "own\n")
    }
    try await tree.build("--touch")
    try tree.write("share/docker/app/1/own", "other\n")
    #expect(try await tree.build("app") == ["docker/app:1 built", "docker/base:1 built"])
    #expect(try await tree.states()["docker/tools:1"] == "current")
    try tree.write("share/docker/tools/1/own", "another\n")
    let chain = try await Self.chain(tree, "tools:1")
    #expect(Self.changes(chain["docker/tools:1"]).map { $0["diff"]?.strings } == [["@@ -1 +1 @@", "-own", "+another"]])
  }

  @Test(.enabled(if: Laboratory.hasBusybox && Laboratory.directory != nil, "make test prepares the peers"))
  func buildsOfThePastAreExplainedFromWhatWasRecorded() async throws {
    let tree = try await Repository()
    try tree.defineShell("base")
    try tree.define(
      "top/1", "image_sources:\n  - {name: top, tags: ['1']}\n", dockerfile: "FROM cati/base:1\nCOPY top /\n")
    try tree.write("share/docker/top/1/top", "top\n")
    try await tree.build("all")
    try tree.write("share/docker/base/1/text", "two\n")
    #expect(try await tree.build("base") == ["docker/base:1 built"])
    // The cause lies in a build before: it is named with its number.
    let present = try await Self.chain(tree, "top:1")
    #expect(present["docker/base:1"]?["build"] == 2)
    #expect(Self.changes(present["docker/base:1"]).first?["diff"]?.strings == ["@@ -1 +1 @@", "-one", "+two"])
    #expect(try await tree.build("all") == ["docker/top:1 built"])
    try tree.write("share/docker/base/1/text", "three\n")
    try await tree.build("all")

    // The tree has moved on; what is told is what was.
    let past = try await Self.chain(tree, "top:1", "--build", "3")
    #expect(Set(past.keys) == ["docker/top:1", "docker/base:1"])
    #expect(past["docker/base:1"]?["build"] == 2)
    #expect(Self.changes(past["docker/base:1"]).first?["diff"]?.strings == ["@@ -1 +1 @@", "-one", "+two"])
    let last = try await tree.coppice("explain", "top:1", "--build", "4").output
    #expect(last.contains("-two") && last.contains("+three"), "\(last)")
    #expect(try await tree.coppice("history").output.contains("context file text modified"))
    // A single reason stands in the table already.
    let verbose = try await tree.coppice("history", "-v").output
    #expect(verbose.contains("context file text modified\n") && !verbose.contains("\n       "), "\(verbose)")

    #expect(try await tree.coppice("gc").exitCode == 0)
    let kept = try await tree.coppice("explain", "top:1", "--build", "3").output
    #expect(kept.contains("-one") && kept.contains("+two"), "gc keeps what the journal names\n\(kept)")

    // An image that no definition has any more, and one whose definition is wrong now, have their past.
    let definition: FilePath = "share/docker/base/1/casa_distro_docker.yaml"
    let before = try tree.directory.text(definition)
    try Laboratory.files.removeTree(tree.directory / "share/docker/top")
    try tree.write(definition, "image_sources: [\n")
    #expect(try await tree.coppice("explain", "top:1", "--build", "3").output == kept)
    for command in ["history", "log"] {
      for name in ["top", "base"] {
        let run = try await tree.coppice(command, name)
        #expect(run.exitCode == 0 && !run.output.isEmpty, "\(command) \(name): \(run.all)")
      }
    }
    try tree.define(
      "top/1", "image_sources:\n  - {name: top, tags: ['1']}\n", dockerfile: "FROM cati/base:1\nCOPY top /\n")
    try tree.write("share/docker/top/1/top", "top\n")
    try tree.write(definition, before)
    try Laboratory.files.removeTree(tree.directory / ".coppice/store")
    let lost = try await tree.coppice("explain", "base:1", "--build", "2").output
    #expect(lost.contains("context file text modified"), "\(lost)")
    #expect(lost.contains("this is what the journal kept"), "\(lost)")
  }
}
