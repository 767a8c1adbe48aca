import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

/// A clone gets what its lockfile names from where it is published, and makes only what is not to be had.
struct SubstitutionTests {
  /// What a destination holds, and what it was asked for.
  private final class Market: Sendable {
    let asked = Locked<[[String]]>([])
    private let isPublished: @Sendable (String) -> Bool

    init(_ isPublished: @escaping @Sendable (String) -> Bool) { self.isPublished = isPublished }

    func open(to world: World) {
      let runner = world.runner
      world.substitution = Substitution { [asked, isPublished] records in
        asked.withLock { $0.append(records.keys.map(\.shown).sorted()) }
        let found = records.filter { isPublished($0.key.shown) }
        for record in found.values { runner.receive(record.output, for: record.fingerprint) }
        return Set(found.keys)
      }
    }

    var all: [String] { asked.withLock { $0.flatMap(\.self) } }
  }

  /// A clone of what was built elsewhere, at a destination that has what `isPublished` says.
  private static func clone(
    _ tree: TreeText, _ isPublished: @escaping @Sendable (String) -> Bool
  ) async throws -> (World, Market) {
    let origin = World(tree)
    try await origin.build()
    let (clone, market) = (origin.clone("there"), Market(isPublished))
    market.open(to: clone)
    return (clone, market)
  }

  private static let chain = TreeText("base <- python <- science, base <- tools")

  @Test func everythingComesAndNothingIsMade() async throws {
    let (clone, market) = try await Self.clone(Self.chain) { _ in true }
    let lock = clone.lockText
    try await clone.build()
    #expect(clone.ran == [] && clone.lockText == lock)
    #expect(market.all.sorted() == ["base", "python", "science", "tools"])
    try await clone.build()
    #expect(market.all.count == 4, "who lacks nothing asks nobody")
    #expect(try clone.status("science").isEmpty)
  }

  /// What a thing is made of need not come with it.
  @Test func onlyWhatIsAskedForComes() async throws {
    let (clone, market) = try await Self.clone(Self.chain) { _ in true }
    try await clone.build("science")
    #expect(clone.ran == [])
    #expect(market.asked.withLock { $0 } == [["science"]])
    #expect(clone.hasOutput("science") && !clone.hasOutput("python") && !clone.hasOutput("base"))
  }

  @Test func whatIsNotPublishedIsMadeOfWhatIs() async throws {
    let (clone, market) = try await Self.clone(Self.chain) { $0 == "base" }
    try await clone.build("science")
    #expect(market.asked.withLock { $0 } == [["science"], ["python"], ["base"]], "nobody is asked twice")
    #expect(clone.ran == ["python", "science"])
    #expect(clone.runner.violations == [])
  }

  @Test func whatWasEditedIsMadeAndItsUpstreamComes() async throws {
    let (clone, market) = try await Self.clone(Self.chain) { _ in true }
    clone.edit("python")
    try await clone.build("science")
    #expect(clone.ran == ["python", "science"])
    #expect(market.all == ["base"], "what depends on an edit was never published")
  }

  @Test func whoForcesABuildAsksNobody() async throws {
    let (clone, market) = try await Self.clone(Self.chain) { _ in true }
    clone.options.force = "again"
    try await clone.build("base")
    #expect(clone.ran == ["base"] && market.all.isEmpty)
  }

  @Test func whatWasOnlyAssumedIsNotAskedFor() async throws {
    let (clone, market) = try await Self.clone(Self.chain) { _ in true }
    clone.edit("base")
    try clone.touch("base")
    try await clone.build("python")
    #expect(market.all.isEmpty && clone.ran == ["base", "python"])
  }

  @Test func whoOnlyFetchesMakesNothing() async throws {
    let (clone, market) = try await Self.clone(Self.chain) { $0 != "science" }
    clone.options.onlyFetches = true
    clone.edit("tools")
    let lock = clone.lockText
    let summary = try await clone.build()
    #expect(clone.ran == [] && summary.count(.failed) == 0 && clone.lockText == lock)
    #expect(clone.hasOutput("python") && clone.hasOutput("base") && !clone.hasOutput("science"))
    #expect(market.all.sorted() == ["base", "python", "science"])
  }

  @Test func whatCannotBeAskedEndsTheBuildWithItsWords() async throws {
    let (clone, _) = try await Self.clone(Self.chain) { _ in true }
    clone.substitution = Substitution { _ in throw Failure("played fault") }
    await #expect(throws: Failure.self) { try await clone.build() }
    #expect(clone.ran == [])
  }

  /// Any tree, any part of it published, any edits: nobody is asked twice or for what cannot be there, and nothing is made
  /// that was to be had.
  @Test(arguments: Soak.seeds(60)) func nothingIsMadeThatIsToBeHad(seed: Int) async throws {
    var random = SeededGenerator(seed: seed)
    let words = (0..<Int.random(in: 2...8, using: &random)).map { "i\($0)" }
    let tree = TreeText(
      words.enumerated().map { index, word in
        (word: word, upstreams: words[..<index].filter { _ in random.once(in: 3) })
      })
    let published = Set(tree.images.filter { _ in random.once(in: 2) })
    let (clone, market) = try await Self.clone(tree) { published.contains($0) }
    let edited = Set(tree.images.filter { _ in random.once(in: 6) })
    for image in edited { clone.edit(image) }
    var changed = edited
    while true {
      let more = tree.images.filter { image in
        !changed.contains(image) && (tree.uses[image] ?? []).contains(where: changed.contains)
      }
      if more.isEmpty { break }
      changed.formUnion(more)
    }
    try await clone.build()
    #expect(Set(market.all).count == market.all.count, "seed \(seed): \(market.all)")
    #expect(changed.isDisjoint(with: market.all), "seed \(seed): \(market.all)")
    #expect(Set(clone.ran) == changed.union(Set(tree.images).subtracting(published)), "seed \(seed): \(clone.ran)")
    #expect(clone.runner.violations == [], "seed \(seed)")
    for image in tree.images { #expect(try clone.status(image).isEmpty, "seed \(seed): \(image)") }
  }
}
