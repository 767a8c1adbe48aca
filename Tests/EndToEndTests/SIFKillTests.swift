import Glibc
import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// A conversion that ends anywhere leaves no file under its final name that is not whole, and the next one is right.
@Suite(
  .serialized,
  .enabled(if: Laboratory.hasBusybox && Laboratory.has("buildah"), "make test prepares the peers"))
struct SIFKillTests {
  private static let rounds = Laboratory.isSoak ? 100 : 10
  private let clock = ContinuousClock()

  /// What takes a while to compress.
  private static func text(_ count: Int, _ random: inout SeededGenerator) -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz012345".utf8)
    return String(decoding: (0..<count).map { _ in letters[Int(random.next() & 31)] }, as: UTF8.self)
  }

  // MARK: the step

  /// One image, and its SIF at two levels, of which each takes the other's place.
  private struct Yard {
    let tree: Repository
    let text: String
    var made: [Digest] = []
    var time = Duration.zero

    var file: FilePath { tree.directory / "images/app-1.sif" }
    func define(_ level: Int) throws {
      try tree.defineShell("app", "    singularity: {level: \(level)}\n", text: text)
    }
  }

  @Test func aStepThatIsKilledGoesOn() async throws {
    var random = SeededGenerator(seed: 2)
    var yard = Yard(tree: try await Repository(), text: Self.text(5_000_000, &random))
    for level in 1...2 {
      try yard.define(level)
      let run = try await yard.tree.coppice("build", "--progress", "json")
      try #require(run.exitCode == 0, "\(run.all)")
      let end = try run.events.first { $0["event"]?.string == "finished" && $0["id"]?.string == "sif/app:1" }
      yard.time = .seconds(try #require(end?["seconds"]?.double))
      yard.made.append(try Laboratory.files.digest(of: yard.file))
    }
    try #require(yard.made[0] != yard.made[1])
    var hits = 0
    for round in 0..<4 * Self.rounds where hits < Self.rounds {
      if try await isKilled(yard, level: round % 2, &random) { hits += 1 }
    }
    #expect(hits == Self.rounds)
    try await yard.tree.expectEverythingIsWell()
    let temporary = yard.tree.store / "coppice/temporary"
    #expect(try await yard.tree.coppice("gc").exitCode == 0)
    #expect(try Laboratory.files.names(of: temporary).isEmpty)
  }

  /// - Returns: whether the conversion was at work.
  private func isKilled(_ yard: Yard, level: Int, _ random: inout SeededGenerator) async throws -> Bool {
    let (tree, files) = (yard.tree, Laboratory.files)
    try yard.define(level + 1)
    // Nothing is known of the file that is to be made, nor of blocks that it could take.
    for directory in ["blocks", "fingerprints", "chains"] as [FilePath] {
      try files.removeTree(tree.store / "coppice" / directory)
    }
    try files.remove(tree.store / "blobs/sha256" / FilePath(yard.made[level].hex))
    let build = try await tree.start("build", "--progress", "json")
    let delay = yard.time * Double.random(in: 0..<0.9, using: &random)
    try await build.send(SIGKILL, delay, afterStartOf: "sif/app:1")
    let run = try await build.end()
    try tree.expectNothingIsHalfWritten()
    try expectIsWhole(yard, run.all)
    let again = try await tree.build()
    #expect(again.allSatisfy { $0.hasPrefix("sif/app:1 ") }, "\(run.all): \(again)")
    #expect(try files.digest(of: yard.file) == yard.made[level], "\(run.all)")
    try expectIsWhole(yard, "\(again)")
    let names = try files.names(of: tree.directory / "images").map { "\($0.name)" }
    #expect(names == ["app-1.sif", "app-1.sif.json"], "\(run.all)")
    #expect(try tree.leftovers() == [] && files.names(of: tree.store / "coppice/temporary").isEmpty, "\(run.all)")
    return run.status == .signaled(SIGKILL)
  }

  /// The old file or the new one, and a sidecar of either.
  private func expectIsWhole(_ yard: Yard, _ when: String) throws {
    #expect(yard.made.contains(try Laboratory.files.digest(of: yard.file)), "\(when)")
    let sidecar = try JSONValue(parsing: try yard.tree.directory.text("images/app-1.sif.json"))
    let named = sidecar["sha256"]?.string
    #expect(yard.made.contains { $0.hex == named }, "\(when)")
  }

  // MARK: the command

  @Test func aCommandThatIsKilledLeavesNothingToTheNext() async throws {
    let tree = try await Repository()
    var layout = try SmallLayout(tree.directory / "layout")
    var random = SeededGenerator(seed: 1)
    let text = Self.text(3_000_000, &random)
    try layout.add("app", (0..<4).map { layer in [("file\(layer)", text + "\(layer)")] })
    let file = tree.directory / "out.sif"
    func build() async throws -> Digest {
      let run = try await tree.coppice("sif", "build", "--force", "out.sif", "oci:layout")
      try #require(run.exitCode == 0, "\(run.all)")
      return try Laboratory.files.digest(of: file)
    }
    let start = clock.now
    let expected = try await build()
    let time = clock.now - start
    for round in 0..<Self.rounds {
      // Every other one finds a file in its place.
      if round % 2 == 0 { try Laboratory.files.remove(file) }
      let run = try await RunningCoppice(
        ["sif", "build", "--force", "out.sif", "oci:layout"], in: tree.directory.path, environment: tree.environment)
      let signal = round % 5 == 4 ? SIGINT : SIGKILL
      try await Task.sleep(for: time * Double.random(in: 0...1.1, using: &random))
      run.send(signal)
      let ended = try await run.end()
      if try Laboratory.files.statusIfPresent(of: file) != nil {
        #expect(try Laboratory.files.digest(of: file) == expected, "\(round): \(ended.all)")
      }
      if signal == SIGINT { #expect(try left(in: tree).isEmpty, "\(round): \(ended.all)") }
      #expect(try await build() == expected)
      #expect(try left(in: tree).isEmpty, "\(round): \(ended.all)")
    }
  }

  private func left(in tree: Repository) throws -> [String] {
    try Laboratory.files.names(of: tree.directory.path).map { "\($0.name)" }.filter { $0.hasPrefix(".coppice-") }
  }
}
