import Glibc
import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

/// A disk without room: said clearly, nothing is harmed, and room is all that the next build needs.
@Suite(
  .serialized,
  .enabled(if: Laboratory.hasBusybox && Laboratory.directory != nil && SmallDisk.canMount, "needs to mount"))
struct DiskFullTests {
  /// Ours name the file system; where the engine was the first who found no room, its own words come with our advice.
  private func expectWords(of run: Run, name place: FilePath) {
    let isOurs = run.errorOutput.contains("no space left on the file system of \(place)")
    let isEngines =
      run.errorOutput.contains("buildah bud: ") && run.errorOutput.contains("no space left on device")
    #expect(isOurs || isEngines, "\(run.all)")
    #expect(run.errorOutput.contains("help: free some space"), "\(run.all)")
  }

  @Test func aFullDiskOfTheRepositoryHarmsNothing() async throws {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    let disk = try SmallDisk(tree.directory / ".coppice", megabytes: 12)
    try await tree.build("all")
    let lockfile = try tree.lockfile()
    for rest in [0, 4096, 8192, 20_480, 65_536, 262_144, 524_288] {
      // What does not compress does not fit.
      try tree.defineTools("RUN head -c 700000 /dev/urandom > /tools; echo \(rest) > /rest")
      try disk.fill(leaving: rest)
      let run = try await tree.coppice("build", "all")
      #expect(run.exitCode == 1, "\(rest): \(run.all)")
      expectWords(of: run, name: disk.place)
      #expect(!run.errorOutput.contains("/.coppice-"), "\(rest): \(run.all)")
      #expect(try tree.lockfile() == lockfile)
      #expect(try tree.leftovers() == [])
      // Who only asks needs no room.
      #expect(try await tree.states()["docker/tools:1"] == "stale")
      try tree.expectNothingIsHalfWritten()
    }
    try disk.empty()
    #expect(try await tree.build("all") == ["docker/tools:1 built"])
    try await tree.expectEverythingIsWell()
    #expect(try await tree.file("rest", inImage: "tools:1") == "524288\n")
  }

  @Test func aLockfileThatCannotBeWrittenIsTold() async throws {
    let tree = try await Repository(hasOwnEngineStore: true)
    let disk = try SmallDisk(tree.directory.path, megabytes: 24)
    // The file system that is mounted over the directory begins empty.
    try tree.write(
      "coppice.yaml",
      "namespace: cati\nsingularity: false\nstore: \(Laboratory.directory ?? "/tmp")/store-of-full-disk\n")
    let engine = try TemporaryDirectory()
    try engine.write(
      "storage.conf",
      "[storage]\ndriver = \"overlay\"\ngraphroot = \"\(engine / "root")\"\nrunroot = \"\(engine / "run")\"\n")
    let own = ["CONTAINERS_STORAGE_CONF": (engine / "storage.conf").description]
    try Laboratory.files.createDirectory(tree.directory / "home")
    try tree.defineTree()
    #expect(try await tree.run("build", "all", adding: own).exitCode == 0)
    let lockfile = try tree.lockfile()
    try tree.defineTools("RUN echo more > /tools")
    var codes: Set<Int32> = []
    // Room for the context and the log; somewhere in this range it ends just before the lockfile.
    for pages in 1..<12 {
      try disk.fill(leaving: pages * 4096)
      let run = try await tree.run("build", "tools", adding: own)
      codes.insert(run.exitCode)
      #expect([0, 1].contains(run.exitCode), "\(run.all)")
      if run.exitCode == 1 {
        expectWords(of: run, name: tree.directory.path)
      }
      let now = try tree.lockfile()
      #expect(now == lockfile || run.exitCode == 0 || now.contains("docker/tools:1:"), "whole, the old one or the new")
      try disk.empty()
      #expect(try await tree.run("status", adding: own).errorOutput.isEmpty)
      if run.exitCode == 0 { break }
    }
    #expect(codes == [0, 1])
    #expect(try await tree.run("build", "all", adding: own).exitCode == 0)
    #expect(try await tree.run("verify", adding: own).exitCode == 0)
  }

  @Test func aFullDiskOfTheEngineIsTold() async throws {
    let tree = try await Repository(hasOwnEngineStore: true)
    try tree.defineTree()
    try await tree.build("base")
    // TMPDIR: the engine gets its bases back through it.
    let disk = try SmallDisk(tree.directory / "small", megabytes: 1)
    try disk.fill(leaving: 0)
    let result = try await Laboratory.run(["buildah", "rmi", "--all", "--force"], environment: tree.environment)
    try #require(result.status.isSuccess)
    let lockfile = try tree.lockfile()
    let run = try await tree.run("build", "tools", adding: ["TMPDIR": disk.place.description])
    #expect(run.exitCode == 1, "\(run.all)")
    #expect(run.errorOutput.contains("\(disk.place)"), "\(run.all)")
    #expect(run.errorOutput.contains("no space left on device"), "\(run.all)")
    #expect(run.errorOutput.contains("help: free some space in the repository, in TMPDIR"), "\(run.all)")
    #expect(try tree.lockfile() == lockfile)
    #expect(try tree.leftovers() == [])
    try disk.empty()
    try await tree.build("all")
    try await tree.expectEverythingIsWell()
  }
}
