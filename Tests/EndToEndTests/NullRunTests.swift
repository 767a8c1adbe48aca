import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// What a run that finds nothing to do asks of the kernel: the guard of its speed, which counts work and no seconds.
@Suite(.serialized, .enabled(if: Laboratory.has("strace"), "make test installs strace"))
struct NullRunTests {
  private static let filesPerDefinition = 6

  /// Definitions in a tree, each image from another one; recorded as built, and looked at again when nothing is young.
  private static func tree(_ definitions: Int) async throws -> Repository {
    let tree = try await Repository()
    for index in 0..<definitions {
      let base = index == 0 ? "scratch" : "cati/image\((index - 1) / 10):1"
      try tree.define(
        "image\(index)/1", "image_sources:\n  - {name: image\(index), tags: ['1']}\n",
        dockerfile: "FROM \(base)\nCOPY files /files/\n")
      for number in 0..<filesPerDefinition - 2 {
        try tree.write("share/docker/image\(index)/1/files/\(number)", "file \(number) of \(index)\n")
      }
    }
    let touched = try await tree.coppice("build", "all", "--touch")
    try #require(touched.exitCode == 0, "\(touched.all)")
    try await settle(tree)
    return tree
  }

  /// Files that were just written are looked at once more.
  private static func settle(_ tree: Repository) async throws {
    try await Task.sleep(for: .milliseconds(3100))
    let asked = try await tree.coppice("status", "all")
    try #require(asked.exitCode == 0, "\(asked.all)")
  }

  @Test func aNullRunOpensNoFileOfTheTreeAndStartsNothing() async throws {
    var fixed: [String: [String]] = [:]
    for definitions in [10, 200] {
      let tree = try await Self.tree(definitions)
      for command in [["build", "all", "--progress", "json"], ["status", "all", "--json"]] {
        let (run, calls) = try await tree.countCalls(command)
        let what = Comment("\(command[0]) of \(definitions) definitions")
        #expect(run.exitCode == 0, what)
        #expect(calls.programs == 0, what)
        // Records of the repository, the same whatever the tree holds, and nothing of the tree.
        let opened = calls.opened(below: tree.directory.path).map { path in
          // Random names of files that are about to get their own.
          path.name.bytes.starts(with: Array(".coppice-".utf8))
            ? "temporary" : path.relative(to: tree.directory.path)?.description ?? ""
        }
        #expect(!opened.contains { $0.hasPrefix("share") }, what)
        #expect(opened.count < 15, what)
        #expect(opened == fixed[command[0], default: opened], what)
        fixed[command[0]] = opened
        // Each file is asked for by who hashes it, and some by who parses them.
        #expect(calls.statuses <= definitions * (Self.filesPerDefinition + 12) + 100, what)
        #expect(calls.directories <= definitions * 8 + 50, what)
      }
      if definitions == 200 { try await Self.expectOneRead(in: tree) }
    }
  }

  /// Of one edited file only that is read.
  private static func expectOneRead(in tree: Repository) async throws {
    let edited: FilePath = "share/docker/image150/1/files/2"
    try tree.write(edited, "edited\n")
    let (run, calls) = try await tree.countCalls(["status", "all", "--json"])
    #expect(run.exitCode == 0)
    // What it is made from was never built, and is wanted now.
    let changed = (try JSONValue(parsing: run.output)["artifacts"]?.array ?? []).filter {
      $0["reasons"]?.array?.first?["kind"]?.string == "inputsChanged"
    }
    #expect(changed.map { $0["id"]?.string } == ["docker/image150:1"])
    #expect(calls.programs == 0)
    #expect(calls.opened(below: tree.directory / "share") == [tree.directory / edited])
  }
}
