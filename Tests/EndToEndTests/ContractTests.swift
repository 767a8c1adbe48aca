import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// What other programs read, asked of the real program; none of these needs an engine.
@Suite struct ContractTests {
  @Test func listGivesEveryArtifactSortedWithWhatItIsMadeFrom() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    let run = try await tree.coppice("list", "--json")
    #expect(run.exitCode == 0)
    #expect(run.errorOutput == "")
    let artifacts = try #require(try JSONValue(parsing: run.output)["artifacts"]?.array)
    #expect(artifacts.map { $0["id"]?.string } == ["docker/app:1", "docker/base:1", "docker/tools:1"])
    for artifact in artifacts {
      #expect(artifact["kind"]?.string == "docker")
      #expect(artifact["orderOnly"]?.strings != nil)
    }
    #expect(artifacts[0]["definition"]?.string == "app/1")
    #expect(artifacts[0]["uses"]?.strings == ["docker/base:1"])
    #expect(artifacts[0]["bases"]?.strings == [])
    #expect(artifacts[1]["uses"]?.strings == [])
    #expect(artifacts[1]["bases"]?.strings == ["ubuntu:24.04"])
    // Declared and not used is order only; no tag means latest, which is an alias here.
    #expect(artifacts[2]["uses"]?.strings == ["docker/base:1"])
    #expect(artifacts[2]["orderOnly"]?.strings == ["docker/app:1"])
  }

  @Test func everyChangeOfAnInputIsAReasonWithItsName() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    #expect(try await tree.reasons(of: "docker/base:1") == ["neverBuilt"])
    try await tree.build("--touch")
    #expect(
      try await tree.states() == [
        "docker/app:1": "current", "docker/base:1": "current", "docker/tools:1": "current",
      ])
    #expect(try await tree.status(of: "docker/app:1")["reasons"] == [])

    let yaml: FilePath = "share/docker/base/1/casa_distro_docker.yaml"
    let dockerfile: FilePath = "share/docker/base/1/Dockerfile"
    let (yamlText, dockerfileText) = (try tree.directory.text(yaml), try tree.directory.text(dockerfile))
    func expect(_ changes: [String], _ comment: Comment) async throws {
      #expect(try await tree.changes(of: "docker/base:1") == changes, comment)
      #expect(
        try await tree.states() == [
          "docker/app:1": "may", "docker/base:1": "stale", "docker/tools:1": "may",
        ], comment)
      #expect(try await tree.reasons(of: "docker/app:1") == ["upstreamWillRebuild"], comment)
      try tree.write(yaml, yamlText)
      try tree.write(dockerfile, dockerfileText)
    }
    try tree.write("share/docker/base/1/data.txt", "other\n")
    try tree.write("share/docker/base/1/more.txt", "more\n")
    try await expect(["context modified data.txt", "context added more.txt"], "files")
    try tree.write("share/docker/base/1/data.txt", "data\n")
    try Laboratory.files.remove(tree.directory / "share/docker/base/1/more.txt")
    try tree.write("share/docker/base/1/data.txt", "data\n", mode: 0o755)
    try await expect(["context modified data.txt"], "permission bits")
    try tree.write("share/docker/base/1/data.txt", "data\n")
    try tree.write(yaml, yamlText.replacing("JOBS: '4'", with: "JOBS: '8', MORE: x"))
    try await expect(["argument modified JOBS"], "arguments; no ARG takes MORE")
    try tree.write(yaml, yamlText + "    test: ['true']\n")
    try await expect(["recipe added test"], "the test command")
    try tree.write(dockerfile, dockerfileText.replacing("RUN true", with: "# why\nRUN false\nUSER 1"))
    try await expect(["dockerfile modified Dockerfile:5", "dockerfile added Dockerfile:6"], "instructions")
    try tree.write(dockerfile, dockerfileText + "COPY --from=debian:12 /etc/issue /\n")
    try await expect(["dockerfile added Dockerfile:5", "base added docker.io/library/debian:12"], "another base")
    try tree.write(dockerfile, dockerfileText.replacing("ubuntu:24.04", with: "scratch"))
    try await expect(
      ["dockerfile modified Dockerfile:1", "base removed docker.io/library/ubuntu:24.04"], "a base less")
    try Laboratory.files.remove(tree.directory / "share/docker/base/1/data.txt")
    #expect(try await tree.reasons(of: "docker/base:1") == ["inputsChanged"])
    #expect(try await tree.changes(of: "docker/base:1") == ["context removed data.txt"])
    try tree.write("share/docker/base/1/data.txt", "data\n")
    #expect(try await tree.reasons(of: "docker/base:1") == [])
  }

  @Test func anArtifactWithAReasonOfItsOwnIsStaleAndNotMay() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try await tree.build("--touch")
    try tree.write("share/docker/base/1/data.txt", "other\n")
    try tree.write("share/docker/app/1/Dockerfile", "FROM cati/base:1\nRUN false\n")
    #expect(Set(try await tree.reasons(of: "docker/app:1")) == ["inputsChanged", "upstreamWillRebuild"])
    #expect(try await tree.states()["docker/app:1"] == "stale")
    // tools only comes after app: that is never a reason.
    #expect(try await tree.reasons(of: "docker/tools:1") == ["upstreamWillRebuild"])
  }

  @Test func exitCodeThreeOnlyWhereItWasAskedFor() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    #expect(try await tree.coppice("status").exitCode == 0)
    #expect(try await tree.coppice("status", "--exit-code").exitCode == 3)
    #expect(try await tree.coppice("build", "-n").exitCode == 0)
    #expect(try await tree.coppice("build", "-n", "--exit-code").exitCode == 3)
    try await tree.build("--touch")
    #expect(try await tree.coppice("status", "--exit-code").exitCode == 0)
    #expect(try await tree.coppice("build", "-n", "--exit-code").exitCode == 0)
    #expect(try await tree.coppice("build", "-n", "--exit-code", "--force", "x").exitCode == 3)
  }

  @Test func explainLeadsFromTheTargetToTheRootCause() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try tree.define(
      "end/1", "dependencies: [../../app]\nimage_sources:\n  - {name: end, tags: ['1']}\n",
      dockerfile: "FROM cati/app:1\n")
    try await tree.build("--touch")
    try tree.write("share/docker/base/1/data.txt", "other\n")
    try tree.write("share/docker/base/1/Dockerfile", "FROM ubuntu:24.04\nARG JOBS\nCOPY *.txt /\nRUN false\n")
    let run = try await tree.coppice("explain", "end:1", "--json")
    let explained = try JSONValue(parsing: run.output)
    #expect(explained["id"]?.string == "docker/end:1")
    #expect(explained["state"]?.string == "may")
    let chain = explained["chain"]?.array ?? []
    #expect(chain.map { $0["id"]?.string } == ["docker/end:1", "docker/app:1", "docker/base:1"])
    #expect(chain.allSatisfy { $0["reasons"]?.array?.isEmpty == false })
    let changes = chain.last?["reasons"]?[0]?["changes"]?.array ?? []
    #expect(changes.compactMap { $0["path"]?.string } == ["Dockerfile", "data.txt"])
    let text = try await tree.coppice("explain", "end:1").output
    for word in ["docker/end:1", "docker/app:1", "docker/base:1", "data.txt", "Dockerfile:4"] {
      #expect(text.contains(word), "\(text)")
    }
    let current = try JSONValue(parsing: try await tree.coppice("explain", "end:1", "--json").output)
    #expect(current["chain"]?.array?.count == 3, "asking changes nothing")
  }

  @Test func forcedAppearsInTheDryRunOnly() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try await tree.build("--touch")
    let run = try await tree.coppice("build", "-n", "base", "--force", "security updates", "--progress", "json")
    #expect(run.exitCode == 0)
    let steps = try JSONValue(parsing: run.output)["steps"]?.array ?? []
    #expect(steps.map { $0["id"]?.string } == ["docker/base:1"])
    #expect(steps.first?["reasons"]?.array?.contains(["kind": "forced", "reason": "security updates"]) == true)
    #expect(try await tree.states()["docker/base:1"] == "current")
  }

  @Test func doneIsTheLastEventWhateverHappens() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    let touched = try await tree.coppice("build", "--touch", "--progress", "json")
    #expect(touched.exitCode == 0)
    #expect(try touched.events.count == 1)
    let current = try await tree.coppice("build", "--progress", "json")
    #expect(try current.events.count == 1, "what is current emits nothing")
    let unknown = try await tree.coppice("build", "nothing-like-this", "--progress", "json")
    #expect(unknown.exitCode == 2)
    #expect(try unknown.done != nil)
    try tree.write("share/docker/app/1/casa_distro_docker.yaml", "image_sources: [")
    let faulty = try await tree.coppice("build", "--progress", "json")
    #expect(faulty.exitCode == 2)
    let done = try #require(try faulty.done)
    #expect(try faulty.events.count == 1)
    for name in ["built", "unchanged", "restored", "failed", "skipped"] { #expect(done[name]?.integer == 0) }
    #expect(done["seconds"]?.double != nil)
  }

  @Test func diagnosticsNameFileLineAndColumnAndShowTheLine() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try tree.write("share/docker/app/1/casa_distro_docker.yaml", "image_sources:\n  - {name: app, tagz: ['1']}\n")
    let run = try await tree.coppice("list")
    #expect(run.exitCode == 2)
    #expect(run.output == "")
    let lines = run.errorOutput.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let first = try #require(lines.firstIndex { $0.contains("unknown key 'tagz'") })
    #expect(
      lines[first].hasPrefix("share/docker/app/1/casa_distro_docker.yaml:2:17: error: "), "\(run.errorOutput)")
    #expect(lines[first + 1] == "  - {name: app, tagz: ['1']}")
    #expect(lines[first + 2] == "                ^")
    #expect(lines[first + 3].contains("did you mean 'tags'?"))
    // Seen from another directory the file has another name.
    let elsewhere = try await tree.coppice("list", in: "share/docker/app")
    #expect(
      elsewhere.errorOutput.contains("\n1/casa_distro_docker.yaml:2:17: ")
        || elsewhere.errorOutput.hasPrefix("1/casa_distro_docker.yaml:2:17: "), "\(elsewhere.errorOutput)")
  }

  @Test func theRepositoryIsFoundInItsOrder() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    let other = try await Repository()
    try other.defineShell("other")
    let path = tree.directory.path.description
    let otherPath = other.directory.path.description
    func first(_ words: [String], in place: FilePath = "/", _ environment: [String: String?] = [:]) async throws
      -> String
    {
      let run = try await tree.coppice(words, environment: environment, in: place)
      return try JSONValue(parsing: run.output)["artifacts"]?[0]?["id"]?.string ?? "\(run.all)"
    }
    let (app, shell) = ("docker/app:1", "docker/other:1")
    #expect(try await first(["-r", path, "list", "--json"]) == app)
    #expect(try await first(["list", "--json", "-r", path]) == app)
    #expect(try await first(["list", "--repository=\(path)", "--json"]) == app)
    #expect(try await first(["-C", path, "list", "--json"]) == app)
    #expect(try await first(["list", "--json", "-C", "\(path)/share/docker"]) == app)
    #expect(try await first(["-C", otherPath, "-r", path, "list", "--json"]) == app, "-r comes first")
    #expect(try await first(["-C", otherPath, "-r", ".", "list", "--json"]) == shell, "-r is seen from -C")
    #expect(try await first(["list", "--json"], in: "share") == app, "coppice.yaml upwards")
    let environment = ["CASA_DEFAULT_REPOSITORY": otherPath]
    #expect(try await first(["list", "--json"], environment) == shell)
    #expect(try await first(["list", "--json"], in: "share", environment) == app, "where one stands comes before")
    #expect(try await first(["-r", path, "list", "--json"], environment) == app)
    let home = try TemporaryDirectory()
    let copied = try await Laboratory.run(["cp", "-a", otherPath, (home / "casa_distro").description])
    #expect(copied.status.isSuccess)
    #expect(try await first(["list", "--json"], ["HOME": home.path.description]) == shell)
    for words in [["-r", "/nowhere", "list"], ["-C", "/nowhere", "list"], ["list"]] {
      let run = try await tree.coppice(words, environment: [:], in: "/")
      #expect(run.exitCode == 2, "\(run.all)")
      #expect(run.errors.count == 1, "\(run.all)")
    }
  }

  @Test func variablesOfTheEnvironmentAreReadAndChecked() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    // COPPICE_STORE, relative to where one stands.
    #expect(try await tree.coppice(["build", "--touch"], environment: ["COPPICE_STORE": "elsewhere"]).exitCode == 0)
    #expect(try Laboratory.files.statusIfPresent(of: tree.directory / "elsewhere/oci-layout") != nil)
    #expect(try Laboratory.files.statusIfPresent(of: tree.directory / ".coppice/store") == nil)
    for (name, value) in [("COPPICE_JOBS", "many"), ("COPPICE_JOBS", "0"), ("COPPICE_ENGINE", "dokcer")] {
      let run = try await tree.coppice(["build"], environment: [name: value])
      #expect(run.exitCode == 2, "\(run.all)")
      #expect(run.errors.count == 1)
      #expect(run.errorOutput.contains(name) && run.errorOutput.contains("'\(value)'"), "\(run.all)")
      #expect(try await tree.coppice(["build"], environment: [name: ""]).exitCode == 0, "empty is not set")
    }
    let flag = try await tree.coppice("status", "--engine", "dokcer")
    #expect(flag.exitCode == 2)
    #expect(flag.errorOutput.contains("did you mean 'docker'?") || flag.errorOutput.contains("docker"), "\(flag.all)")
    // COPPICE_BUILTIN: a directory instead of the one that came with the program.
    let builtin = try await Repository()
    try builtin.defineShell("spare")
    let share = (builtin.directory / "share").description
    let listed = try await tree.coppice(["list", "spare"], environment: ["COPPICE_BUILTIN": share])
    #expect(listed.exitCode == 0, "\(listed.all)")
    #expect(listed.output.contains("docker/spare:1"))
    #expect(try await tree.coppice("list", "spare").exitCode == 2)
    let all = try await tree.coppice(["list", "--json"], environment: ["COPPICE_BUILTIN": share])
    #expect(!all.output.contains("spare"), "all means what is defined outside of the builtin share")
  }

  @Test func coloursComeOnlyWhereTheyAreWanted() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    let escape = "\u{1B}["
    #expect(!(try await tree.coppice("status")).output.contains(escape), "no terminal")
    #expect(try await tree.coppice("status", "--color", "always").output.contains(escape))
    // script(1) gives it a terminal.
    let program = (Laboratory.binaries / "coppice").description
    for (variables, isColoured) in [([:], true), (["NO_COLOR": "1"], false), (["TERM": "dumb"], false)]
      as [([String: String?], Bool)]
    {
      guard Laboratory.has("script") else { break }
      let run = try await tree.run(
        ["script", "-qec", "\(program) status", "/dev/null"],
        environment: ["TERM": "xterm", "NO_COLOR": nil].merging(variables) { $1 })
      #expect(run.output.contains("docker/base:1"), "\(run.all)")
      #expect(run.output.contains(escape) == isColoured, "\(variables)")
    }
  }

  @Test func askingChangesNothingThatAPersonKeeps() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try await tree.build("--touch")
    try tree.write("share/docker/base/1/data.txt", "other\n")
    func state() async throws -> String {
      // The index is a cache; everything else must stay.
      try await tree.run([
        "find", ".", "-not", "-path", "./.coppice/index", "-not", "-path", "./.coppice", "-printf", "%p %s %T@ %i\n",
      ]).output
    }
    let before = try await state()
    for words in [
      ["status"], ["status", "--json"], ["explain", "app:1"], ["list"], ["graph"], ["lint"], ["history"],
      ["build", "-n"], ["build", "-n", "--force", "x"], ["build", "-n", "--touch"], ["clean", "-n"], ["help"],
    ] {
      #expect(try await tree.coppice(words).exitCode == 0, "\(words)")
      #expect(try await state().isEmpty == false)
    }
    let after = try await state()
    let ignored: (Substring) -> Bool = { $0.hasPrefix("./.coppice/lock") }
    #expect(
      Set(after.split(separator: "\n").filter { !ignored($0) })
        == Set(before.split(separator: "\n").filter { !ignored($0) }))
  }
}
