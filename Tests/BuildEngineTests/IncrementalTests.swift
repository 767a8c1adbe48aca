import BuildEngine
import BuildRecords
import DependencyGraph
import HostSystem
import ImageModel
import TestSupport
import Testing

/// A table of what a change costs: change, command, the steps that run with their reasons.
///
/// Every row starts from a tree that was built; every row ends with a build that finds nothing to do.
struct IncrementalTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var targets: [String] = []
    var expected: [String]
    /// Steps that a build of everything still runs afterwards.
    var later: [String] = []
    var change: @Sendable (World) async throws -> Void

    init(
      _ name: String, _ targets: String..., runs expected: [String], later: [String] = [],
      after change: @escaping @Sendable (World) async throws -> Void
    ) {
      (self.name, self.targets, self.expected, self.later, self.change) = (name, targets, expected, later, change)
    }

    var testDescription: String { name }
  }

  /// tools is built after python, which it declares and does not use.
  static let tree = "ubuntu:24.04 <- base <- python <- science, base <- tools, python <~ tools, debian:12 <- lonely"
  static let belowBase = ["python: from base", "science: from python", "tools: from base"]

  @Test(arguments: files + definitions + meanings + records)
  func aChangeCostsExactly(row: Row) async throws {
    let world = World(Self.tree)
    try await world.build()
    try await row.change(world)
    let promised = try world.plan(row.targets)
    let before = try world.ledger()
    try await world.build(row.targets)
    #expect(world.reporter.steps == row.expected)
    // What is forced or too old is made from scratch, and the next such step is another one again.
    for id in world.runner.jobs.map(\.recipe.id) {
      let isRefreshed = world.reporter.steps.contains {
        $0.hasPrefix(id.shown) && ($0.contains(": forced ") || $0.contains(": old"))
      }
      #expect(world.runner.jobs.contains { $0.recipe.id == id && $0.mayUseCache != isRefreshed })
      let generation = before[id].map { $0.generation + (isRefreshed ? 1 : 0) }
      #expect(try world.ledger()[id]?.generation == generation ?? 0)
    }
    let started = Set(row.expected.compactMap { $0.split(whereSeparator: { $0 == " " || $0 == ":" }).first })
    if world.options.force == nil {
      #expect(started.isSubset(of: Set(promised.stale.map { Substring($0.id.shown) }.map { $0.prefix { $0 != ":" } })))
    }
    world.options.force = nil
    try await world.build()
    #expect(world.reporter.steps == row.later)
    try await world.build()
    #expect(world.reporter.steps == [])
    #expect(world.runner.violations == [])
  }
}

extension World {
  /// Lets the image take one source alone.
  func copy(_ source: String, in word: String) {
    self[word].dockerfile.reach = .selected([
      ContextSelector(pattern: source, isPattern: false, isContentsOnly: true)
    ])
  }

  /// Lets a Dockerfile call an image of the tree by another of its names.
  func renameUse(of upstream: String, in word: String, to name: ImageReference) {
    otherNames[TreeText.id(upstream), default: []].append(name)
    rewrittenUses[TreeText.id(word)] = self[word].dockerfile.uses
  }

  /// A generator of science that makes a file from `list`, built.
  @discardableResult
  func addGenerator() async throws -> ArtifactID {
    files.write("/bin/make-it", "version 1", mode: 0o755)
    edit("science", "list", file: "list")
    self["science"].ignore = IgnoreFile(name: ".dockerignore", patterns: ["list"])
    let id = generate("science", "data.tar", input: "list")
    try await build()
    return id
  }
}
