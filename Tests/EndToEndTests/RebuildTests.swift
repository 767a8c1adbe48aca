import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// The main job, with real engines: only what is affected is built, and the tool says why.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.directory != nil, "make test prepares the peers"))
struct RebuildTests {
  @Test(arguments: ["buildah", "docker"])
  func onlyWhatIsAffectedIsBuilt(engine: String) async throws {
    let tree = try await Repository(engine: engine)
    try tree.defineTree()
    #expect(
      try await tree.build("all") == [
        "docker/base:1 built", "docker/python:1 built", "docker/science:1 built", "docker/tools:1 built",
      ])
    #expect(try await tree.build("all") == [])

    // A comment, a file that no instruction copies, and a time are no changes.
    let dockerfile: FilePath = "share/docker/python/1/Dockerfile"
    let original = try tree.directory.text(dockerfile)
    try tree.write(dockerfile, "# a new comment\n" + original)
    try tree.write("share/docker/python/1/notes.txt", "edited\n")
    try tree.write("share/docker/python/1/data.txt", "one\ntwo\n")
    #expect(try await tree.build("all") == [])

    try tree.write(dockerfile, original.replacing("echo python", with: "echo python3"))
    let explained = try await tree.coppice("explain", "science:1")
    #expect(explained.output.contains("Dockerfile:7 changed: RUN echo python3"), "\(explained.all)")
    #expect(
      try await tree.states() == [
        "docker/base:1": "current", "docker/python:1": "stale", "docker/science:1": "may", "docker/tools:1": "current",
      ])
    #expect(try await tree.build("all") == ["docker/python:1 built", "docker/science:1 built"])

    // Undone: nothing is built again.
    try tree.write(dockerfile, original)
    #expect(try await tree.build("all") == ["docker/python:1 restored", "docker/science:1 restored"])

    // The rebuild gives the same content, so it stops there.
    try tree.write("share/docker/python/1/data.txt", "one\nthree\n")
    #expect(try await tree.build("all") == ["docker/python:1 unchanged"])
    #expect(try await tree.build("all") == [])
  }

  @Test(arguments: ["buildah", "docker"])
  func anImageThatTheEngineLostComesBackWhenAChildNeedsIt(engine: String) async throws {
    let tree = try await Repository(engine: engine, hasOwnEngineStore: engine == "buildah")
    try tree.defineTree()
    try await tree.build("all")
    let remove = engine == "docker" ? ["docker", "rmi", "--force"] : ["buildah", "rmi", "--force"]
    _ = try await Laboratory.run(remove + ["cati/base:1", "cati/base:latest"], environment: tree.environment)
    _ = try await Laboratory.run(remove + ["cati/python:1"], environment: tree.environment)
    #expect(try await tree.build("all") == [])
    let dockerfile: FilePath = "share/docker/science/1/Dockerfile"
    try tree.write(dockerfile, try tree.directory.text(dockerfile) + "RUN test -f /python && echo more > /more\n")
    #expect(try await tree.build("all") == ["docker/science:1 built"])
  }

  @Test func switchingBranchesBackAndForthBuildsNothingTheSecondTime() async throws {
    let tree = try await Repository()
    try tree.defineTree()
    try tree.write(".gitignore", ".coppice/\nhome/\n")
    try await tree.git("init", "-q", "-b", "main")
    try await tree.build("all")
    try await tree.git("add", "-A")
    try await tree.git("commit", "-qm", "main")
    try await tree.git("checkout", "-qb", "other")
    let dockerfile: FilePath = "share/docker/python/1/Dockerfile"
    try tree.write(dockerfile, try tree.directory.text(dockerfile) + "RUN echo other > /other\n")
    #expect(try await tree.build("all") == ["docker/python:1 built", "docker/science:1 built"])
    try await tree.git("commit", "-qam", "other")
    for branch in ["main", "other", "main"] {
      try await tree.git("checkout", "-q", branch)
      #expect(try await tree.build("all") == [], "the lockfile goes with the branch")
    }
  }

  @Test func aFailedStepIsToldAndTheRestGoesOnWhenAsked() async throws {
    let tree = try await Repository()
    try tree.defineTree()
    let dockerfile: FilePath = "share/docker/python/1/Dockerfile"
    try tree.write(dockerfile, try tree.directory.text(dockerfile) + "RUN echo the reason && false\n")
    #expect(
      try await tree.build("all", "-k", expecting: 1) == [
        "docker/base:1 built", "docker/python:1 failed", "docker/science:1 skipped", "docker/tools:1 built",
      ])
    let plain = try await tree.coppice("build", "all")
    #expect(plain.exitCode == 1)
    #expect(plain.all.contains("the reason"), "\(plain.all)")
    #expect(plain.all.contains(".coppice/logs/"), "\(plain.all)")
    let log = try await tree.coppice("log", "python:1")
    #expect(log.output.contains("the reason"))
  }

  @Test func aFailedTestOfAnImageFailsItsStep() async throws {
    let tree = try await Repository()
    try tree.defineTree()
    try tree.define(
      "tools/1",
      "dependencies: [../../base]\nimage_sources:\n  - {name: tools, tags: ['1'], test: [test, -f, /nowhere]}\n",
      dockerfile: "FROM cati/base:1\nRUN echo tools > /tools\n")
    #expect(try await tree.build("tools", expecting: 1) == ["docker/base:1 built", "docker/tools:1 failed"])
  }
}
