import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// Commands, options and targets, as a person types them; none of these needs an engine.
@Suite struct CommandLineTests {
  static let commands = [
    "init", "list", "status", "explain", "graph", "build", "update", "lint", "log", "history", "verify", "gc", "load",
    "clean", "help",
  ]

  @Test(arguments: commands)
  func helpTellsEveryOption(command: String) async throws {
    let tree = try await Repository()
    let help = try await tree.coppice("help", command)
    #expect(help.exitCode == 0)
    #expect(help.errorOutput == "")
    #expect(help.output.hasPrefix("coppice \(command): "))
    #expect(try await tree.coppice(command, "--help").output == help.output)
    #expect(try await tree.coppice("-h", command).output == help.output)
    for option in ["--repository", "--directory", "--engine", "--store", "--verbose", "--quiet", "--color"] {
      #expect(help.output.contains(option), "\(option)")
    }
    let own: [String: [String]] = [
      "build": [
        "-j, --jobs N", "-k, --keep-going", "-n, --dry-run", "--force REASON", "--touch", "--locked", "--progress",
        "--no-wait", "--exit-code", "--changed-since REF",
      ],
      "status": ["--json", "--exit-code"], "explain": ["--json", "--build N"], "list": ["--json"],
      "graph": ["tree", "dot", "mermaid", "json"], "update": ["-n, --dry-run", "--json"], "lint": ["--json"],
      "log": ["--build N"], "history": ["--json", "--limit N"], "verify": ["--json"],
      "gc": ["-n, --dry-run", "--json"], "clean": ["--all", "-n, --dry-run"],
    ]
    for option in own[command] ?? [] { #expect(help.output.contains(option), "\(option)") }
    #expect(!help.output.split(separator: "\n").contains { $0.count > 100 })
    #expect(try await tree.coppice("help").output.contains("  \(command) "), "the overview has it")
    let unknown = try await tree.coppice(command, "--nonsense")
    #expect(unknown.exitCode == 2)
    #expect(unknown.errors.first == "coppice: error: unknown option --nonsense")
    #expect(unknown.output == "")
  }

  @Test(arguments: [
    (["bild"], "'build'"), (["build", "--fore", "x"], "--force"), (["build", "-j"], "-j"),
    (["build", "-j", "0"], "1 to 1024"), (["build", "--force", "x", "--touch"], "exclude"),
    (["status", "--json=yes"], "--json"), (["graph", "--format", "svg"], "mermaid"), (["-r"], "-r"),
    (["explain"], "TARGET"), (["explain", "app", "base"], "base"), (["history", "--limit", "0"], "--limit"),
    (["-v", "-q", "status"], "exclude"), (["build", "--progress", "jsn"], "json"), (["load"], "TARGET"),
  ])
  func aWrongLineIsOneErrorThatHelps(words: [String], says text: String) async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    let run = try await tree.coppice(words)
    #expect(run.exitCode == 2, "\(run.all)")
    #expect(run.errors.count == 1, "\(run.all)")
    #expect(run.errorOutput.contains(text), "\(run.all)")
    #expect(run.output == "")
  }

  @Test func targetsAreNamesPatternsKindsDirectoriesAndDirections() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try tree.define(
      "end/1", "image_sources:\n  - {name: end, tags: ['1']}\n", dockerfile: "FROM cati/app:1\n")
    let (app, base, end, tools) = ("docker/app:1", "docker/base:1", "docker/end:1", "docker/tools:1")
    let all = [app, base, end, tools]
    let cases: [([String], FilePath, [String])] = [
      ([], "", all), (["all"], "", all), (["base"], "", [base]), (["base:1"], "", [base]),
      (["base:latest"], "", [base]), (["docker/base:1"], "", [base]), (["cati/base:1"], "", [base]),
      (["*"], "", all), (["[a-b]*"], "", [app, base]), (["docker/*"], "", all), (["docker/"], "", all),
      (["*:1"], "", all), (["app", "tools"], "", [app, tools]), (["share/docker/app"], "", [app]),
      (["app/1"], "", [app]), (["."], "share/docker/base", [base]), (["./1"], "share/docker/base", [base]),
      (["../app"], "share/docker/base", [app]), (["."], "share", all), (["+end"], "", [app, base, end]),
      (["app+"], "", [app, end]), (["base+"], "", all), (["+app+"], "", [app, base, end]),
    ]
    for (targets, place, expected) in cases {
      let run = try await tree.coppice(["status", "--json"] + targets, in: place)
      let ids = try JSONValue(parsing: run.output)["artifacts"]?.array?.compactMap { $0["id"]?.string }
      #expect(ids == expected, "\(targets) in '\(place)': \(run.all)")
    }
    for (target, near) in [
      ("bas", "'base'"), ("base:2", "'base:1'"), ("zzzzzz*", "coppice list"), ("sif/", "coppice list"),
      ("", "coppice list"), ("+", "coppice list"), ("[", "coppice list"),
    ] {
      for command in ["status", "build"] {
        let run = try await tree.coppice(command, target)
        #expect(run.exitCode == 2, "\(target)")
        #expect(run.errors.count == 1 && run.errorOutput.contains(near), "\(target): \(run.all)")
      }
    }
  }

  @Test func aTargetBringsItsUpstreams() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    let run = try await tree.coppice("build", "-n", "app", "--progress", "json")
    let steps = try JSONValue(parsing: run.output)["steps"]?.array ?? []
    #expect(steps.map { $0["id"]?.string } == ["docker/base:1", "docker/app:1"], "upstream first")
  }

  @Test func changedSinceMeansWhatTheChangesReach() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try tree.write("shared/script", "one\n")
    try tree.write("share/docker/tools/1/Dockerfile", "FROM cati/base\nCOPY script /\nRUN true\n")
    try Laboratory.files.createLink(tree.directory / "share/docker/tools/1/script", to: "../../../../shared/script")
    try tree.write(".gitignore", ".coppice/\nhome/\n")
    try await tree.git("init", "-q", "-b", "main")
    try await tree.git("add", "-A")
    try await tree.git("commit", "-qm", "one")
    func changed(_ more: String...) async throws -> [String] {
      let run = try await tree.coppice(["build", "-n", "--progress", "json", "--changed-since", "main"] + more)
      #expect(run.exitCode == 0, "\(run.all)")
      return try JSONValue(parsing: run.output)["steps"]?.array?.compactMap { $0["id"]?.string } ?? []
    }
    #expect(try await changed() == [])
    try tree.write("share/docker/app/1/notes", "no instruction reaches it\n")
    #expect(try await changed() == [])
    try tree.write("shared/script", "two\n")
    #expect(try await changed() == ["docker/base:1", "docker/tools:1"], "with its stale upstream")
    try await tree.build("--touch")
    try await tree.git("commit", "-qam", "two")
    #expect(try await changed() == [])
    try tree.write("share/docker/app/1/Dockerfile", "FROM cati/base:1\nRUN false\n")
    #expect(try await changed() == ["docker/base:1", "docker/app:1"], "with the bytes that it needs")
    try tree.write("share/docker/tools/1/Dockerfile", "FROM cati/base:1\nRUN false\n")
    try tree.write("share/docker/new/1/casa_distro_docker.yaml", "image_sources:\n  - {name: new, tags: ['1']}\n")
    try tree.write("share/docker/new/1/Dockerfile", "FROM cati/app:1\n")
    #expect(
      Set(try await changed()) == ["docker/app:1", "docker/base:1", "docker/new:1", "docker/tools:1"],
      "untracked files count")
    for revision in ["nonsense", "--output=written", "", "main..nonsense", "HEAD^{tree}"] {
      let run = try await tree.coppice("build", "--changed-since=\(revision)")
      #expect(run.exitCode == 1 || run.exitCode == 2, "\(run.all)")
      #expect(run.errors.count == 1, "\(run.all)")
    }
    #expect(try Laboratory.files.statusIfPresent(of: tree.directory / "written") == nil)
  }

  @Test func initMakesARepositoryThatWorks() async throws {
    let tree = try await Repository()
    let place = try TemporaryDirectory()
    // With the builtin share, which the first definition builds on.
    let environment: [String: String?] = ["COPPICE_BUILTIN": nil]
    func coppice(_ words: String...) async throws -> Run {
      try await tree.coppice(["-C", place.path.description] + words, environment: environment)
    }
    #expect(try await coppice("init").exitCode == 0)
    #expect(try place.text(".gitattributes") == "coppice.lock merge=union\n")
    let lint = try await coppice("lint")
    #expect(lint.exitCode == 0, "\(lint.all)")
    #expect(lint.errors.isEmpty)
    let list = try await coppice("list", "--json")
    let artifacts = try JSONValue(parsing: list.output)["artifacts"]?.array ?? []
    // With what it needs of the builtin share.
    #expect(
      artifacts.compactMap { $0["id"]?.string } == [
        "docker/casa-run:debian-12", "docker/casa-test:debian-12", "docker/hello:debian-12",
        "generate/casa-test/debian-12:rootfs.tar", "sif/hello:debian-12",
      ], "\(list.all)")
    let status = try await coppice("status", "--exit-code")
    #expect(status.exitCode == 3)
    #expect(status.output.contains("never built"))
    #expect(try await coppice("build", "--touch").exitCode == 0)
    #expect(try await coppice("status", "--exit-code").exitCode == 0)
    let lock = try place.text("coppice.lock")
    #expect(lock.contains("docker/hello:debian-12") && !lock.contains("casa-run:debian-12:\n    fingerprint"))
    #expect(try place.text(".coppice/local.lock").contains("docker/casa-run:debian-12:\n"))
    let again = try await coppice("init")
    #expect(again.exitCode == 0)
    #expect(again.output.contains("left as it is"))
    #expect(try place.text("coppice.lock") == lock)
  }

  @Test func aNamespaceOfOnesOwnBringsNoWarningsOfTheBuiltinShare() async throws {
    let tree = try await Repository()
    try tree.write("coppice.yaml", "namespace: team\n")
    try tree.define("one/1", "image_sources:\n  - {name: one, tags: ['1']}\n", dockerfile: "FROM scratch\n")
    let run = try await tree.coppice(["status"], environment: ["COPPICE_BUILTIN": nil])
    #expect(run.exitCode == 0 && run.errorOutput.isEmpty, "\(run.all)")
  }

  @Test func touchNeedsNeitherEngineNorNetwork() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    let nowhere = ["PATH": "/nowhere", "COPPICE_ENGINE": "buildah"]
    let run = try await tree.coppice(["build", "--touch"], environment: nowhere)
    #expect(run.exitCode == 0, "\(run.all)")
    #expect(try await tree.coppice(["status", "--exit-code"], environment: nowhere).exitCode == 0)
    #expect(try await tree.coppice(["build"], environment: nowhere).exitCode == 0, "nothing to build needs no engine")
    let lock = try tree.directory.text("coppice.lock")
    #expect(lock.contains("assumed: true"))
    #expect(!lock.contains("linux/amd64"), "bases stay unpinned")
    #expect(try await tree.coppice("build", "--touch").output == "", "the second time there is nothing to record")
    #expect(try tree.directory.text("coppice.lock") == lock)
    // Only what is asked for, with what it needs.
    try tree.write("share/docker/base/1/data.txt", "other\n")
    try tree.write("share/docker/tools/1/Dockerfile", "FROM cati/base\nRUN false\n")
    #expect(try await tree.coppice("build", "--touch", "app").exitCode == 0)
    #expect(try await tree.coppice("status", "--exit-code", "app", "base").exitCode == 0)
    #expect(try await tree.states()["docker/tools:1"] == "stale")
    let load = try await tree.coppice("load", "app:1")
    #expect(load.exitCode == 1 && load.errorOutput.contains("was not built yet"), "\(load.all)")
    let verify = try await tree.coppice("verify")
    #expect(verify.exitCode == 0, "an assumed output is not missed: \(verify.all)")
  }

  @Test func cleanLeavesWhatAPersonKeeps() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try await tree.build("--touch")
    let lock = try tree.directory.text("coppice.lock")
    let dry = try await tree.coppice("clean", "--all", "-n")
    #expect(dry.output.contains("would remove .coppice/store"))
    #expect(try Laboratory.files.statusIfPresent(of: tree.directory / ".coppice/store") != nil)
    #expect(try await tree.coppice("clean").exitCode == 0)
    #expect(try Laboratory.files.statusIfPresent(of: tree.directory / ".coppice/store") != nil)
    #expect(try await tree.coppice("status", "--exit-code").exitCode == 0)
    #expect(try await tree.coppice("clean", "--all").exitCode == 0)
    #expect(try Laboratory.files.statusIfPresent(of: tree.directory / ".coppice/store") == nil)
    #expect(try tree.directory.text("coppice.lock") == lock)
    #expect(try await tree.coppice("status", "--exit-code").exitCode == 0)
    // Without the list of inputs the group is named.
    try tree.write("share/docker/base/1/data.txt", "other\n")
    #expect(try await tree.changes(of: "docker/base:1") == ["context modified "])
    #expect(try await tree.coppice("status").output.contains("context files changed"))
  }

  @Test func pastAndFutureOfATreeThatWasNeverBuilt() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    #expect(try await tree.coppice("history").output == "the journal of this repository tells of no build\n")
    let history = try await tree.coppice("history", "--json")
    #expect(try JSONValue(parsing: history.output)["builds"] == [])
    #expect(try await tree.coppice("log", "base:1").exitCode == 1)
    #expect(try await tree.coppice("explain", "base:1", "--build", "7").exitCode == 2)
    #expect(try await tree.coppice("load", "base:1").exitCode == 1)
    #expect(try await tree.coppice("verify").exitCode == 0)
    #expect(try await tree.coppice("gc").exitCode == 0)
    #expect(try await tree.coppice("explain", "all").exitCode == 2)
  }
}
