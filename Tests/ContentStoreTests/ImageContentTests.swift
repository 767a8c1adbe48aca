import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

/// A recorded image is the very one, or one of the same content.
struct ImageContentTests {
  private let recorded = ImageContentTests.image("1", at: 1)
  private let again = ImageContentTests.image("1", at: 2)
  private let third = ImageContentTests.image("1", at: 3)
  private let other = ImageContentTests.image("2", at: 1)

  private static func image(_ text: String, at time: Int) -> TestImage {
    var entry = TestEntry("a", text)
    entry.modified = time
    return TestImage(layers: [tar([entry])], created: "2026-01-0\(time)T00:00:00Z")
  }

  /// As another store has it.
  private func output(_ image: TestImage) throws -> ArtifactOutput { try TestStore().add(image).output }

  @Test func whatIsNotThereIsTheImageOfItsContent() throws {
    let store = try TestStore()
    let output = try output(recorded)
    #expect(try store.layout.image(for: output) == nil)
    try store.add(other)
    #expect(try store.layout.image(for: output) == nil)
    #expect(store.layout.condition(of: output) != .intact)
    let made = try store.add(again)
    #expect(made.config != output.digest && made.content == output.content)
    #expect(try store.layout.image(for: output) == made)
    #expect(store.layout.condition(of: output) == .intact)
    // Without a content digest it is that very image or none.
    var without = output
    without.content = nil
    #expect(try store.layout.image(for: without) == nil)
    // The very one comes first.
    let exact = try store.add(recorded)
    #expect(try store.layout.image(for: output) == exact)
  }

  @Test func theFirstOfManyStaysUntilItIsNoLongerWhole() throws {
    let store = try TestStore()
    let output = try output(recorded)
    let (first, second) = (try store.add(again), try store.add(third))
    #expect(try store.layout.image(for: output) == first)
    store.disk.delete(store.path(first.layers[0].blob))
    #expect(try store.layout.image(for: output) == nil)
    try store.add(third)
    #expect(try store.layout.image(for: output) == second)
  }

  @Test func aDamagedOneIsReplacedByWhatIsMadeInItsPlace() throws {
    let store = try TestStore()
    let exact = try store.add(recorded)
    store.disk.write(store.path(exact.layers[0].blob), "cut")
    guard case .damaged = store.layout.condition(of: exact.output) else {
      Issue.record("a cut layer is no damage")
      return
    }
    let made = try store.add(again)
    #expect(try store.layout.image(for: exact.output) == made)
    #expect(store.layout.condition(of: exact.output) == .intact)
  }

  @Test func aDamagedRecordOfAContentIsNone() throws {
    let store = try TestStore()
    let output = try output(recorded)
    let made = try store.add(again)
    let path = FilePath("/store/coppice/contents/\(made.content.hex)")
    let bytes = try #require(store.disk.bytes(path))
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1
      store.disk.write(path, bytes: changed)
      #expect(try store.layout.image(for: output) == nil)
    }
    // One that names an image of another content, too.
    let stranger = try store.add(other)
    let strange = try #require(store.disk.bytes("/store/coppice/contents/\(stranger.content.hex)"))
    store.disk.write(path, bytes: strange)
    #expect(try store.layout.image(for: output) == nil)
    try store.add(again)
    #expect(try store.layout.image(for: output) == made)
  }

  @Test func garbageCollectionKeepsWhatARecordedContentMeans() throws {
    let store = try TestStore()
    let output = try output(recorded)
    let (made, _) = (try store.add(again), try store.add(other))
    try store.layout.setNames([("a:1", made.config)])
    store.disk.tick()
    func collect(_ roots: Set<Digest>) throws -> GarbageReport {
      try store.layout.collectGarbage(roots: roots, keepingSince: store.disk.now, dryRun: false)
    }
    let content = try #require(output.content)
    #expect(try collect([output.digest, content]).removed.count == 5)
    #expect(try store.layout.image(for: output) == made)
    #expect(try store.layout.names() == ["a:1": made.index])
    #expect(try collect([output.digest]).removed.count == 5)
    #expect(try store.layout.image(for: output) == nil)
    #expect(store.disk.files(below: "/store/coppice/contents") == [])
  }
}
