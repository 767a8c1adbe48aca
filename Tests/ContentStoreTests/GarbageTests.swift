import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

struct GarbageTests {
  private let one = TestImage(layers: [tar([TestEntry("a", "1")]), tar([TestEntry("b", "2")])])
  private let two = TestImage(layers: [tar([TestEntry("a", "1")]), tar([TestEntry("c", "3")])])

  @Test func onlyWhatTheRootsNeedStays() throws {
    let store = try TestStore()
    let (first, second) = (try store.add(one), try store.add(two))
    let (kept, lost) = (try store.layout.put([1]), try store.layout.put([2]))
    let fingerprints = (0..<4).map { Fingerprint(.sha256("\($0)")) }
    try store.layout.remember(first.output, for: fingerprints[0])
    try store.layout.remember(second.output, for: fingerprints[1])
    try store.layout.remember(ArtifactOutput(digest: kept, size: 1), for: fingerprints[2])
    try store.layout.remember(ArtifactOutput(digest: lost, size: 1), for: fingerprints[3])
    try store.layout.setNames([("a:1", first.config), ("a:2", second.config)])
    store.disk.write("/store/coppice/temporary/.coppice-x", "left")
    store.disk.write("/store/.coppice-y", "left")
    store.disk.tick()

    let before = store.disk.files(below: "/store")
    let roots: Set = [first.config, kept]
    let planned = try store.layout.collectGarbage(roots: roots, keepingSince: store.disk.now, dryRun: true)
    #expect(store.disk.files(below: "/store") == before)
    let report = try store.layout.collectGarbage(roots: roots, keepingSince: store.disk.now, dryRun: false)
    #expect(report == planned)
    // Config, manifest, index, one layer and its listing, and the plain blob; the other layer is shared.
    #expect(Set(report.removed).isSuperset(of: [second.config, second.manifest, second.layers[1].blob, lost]))
    #expect(report.removed.count == 6)
    #expect(report.leftovers == 2)
    #expect(store.layout.condition(of: first.output) == .intact)
    #expect(try store.layout.image(second.config) == nil)
    #expect(try store.layout.layer(first.layers[0].diffID) != nil)
    #expect(try store.layout.layer(second.layers[1].diffID) == nil)
    #expect(try store.layout.names() == ["a:1": first.index])
    #expect(try fingerprints.map { try store.layout.output(for: $0) != nil } == [true, false, true, false])
    #expect(try store.layout.collectGarbage(roots: roots, keepingSince: store.disk.now, dryRun: false).removed == [])
    #expect(try store.layout.differences(between: first.config, and: first.config) == [])
    #expect(try store.add(two) == second)
  }

  @Test func whatIsKeptBesideAListStaysAsLongAsTheList() throws {
    let store = try TestStore()
    let lists = try (0..<2).map { try store.layout.put([UInt8($0)]) }
    for list in lists { try store.layout.keepDetails(Array("of \(list)".utf8), ofList: list) }
    store.disk.tick()
    _ = try store.layout.collectGarbage(roots: [lists[0]], keepingSince: store.disk.now, dryRun: true)
    #expect(lists.map { store.layout.details(ofList: $0) } == lists.map { Array("of \($0)".utf8) })
    _ = try store.layout.collectGarbage(roots: [lists[0]], keepingSince: store.disk.now, dryRun: false)
    #expect(lists.map { store.layout.details(ofList: $0) != nil } == [true, false])
  }

  @Test func whatIsKeptBesideASIFStaysAsLongAsTheSIF() throws {
    let store = try TestStore()
    let files = try (0..<2).map { try store.layout.put([UInt8($0)]) }
    for file in files { try store.layout.keepBlockMap(Array("of \(file)".utf8), ofSIF: file) }
    #expect(store.layout.blockMap(ofSIF: files[0])?.count == "of \(files[0])".utf8.count)
    store.disk.tick()
    _ = try store.layout.collectGarbage(roots: [files[0]], keepingSince: store.disk.now, dryRun: false)
    #expect(files.map { store.layout.blockMap(ofSIF: $0) != nil } == [true, false])
  }

  @Test func everyRepositoryKeepsItsOwn() throws {
    let store = try TestStore()
    let (first, second) = (try store.add(one), try store.add(two))
    try store.layout.writeRoots(repository: "/home/a", [first.config])
    try store.layout.writeRoots(repository: "/home/b", [second.config, .sha256("not here")])
    store.disk.tick()
    #expect(try store.layout.collectGarbage(roots: [], keepingSince: store.disk.now, dryRun: false).removed == [])
    try store.layout.writeRoots(repository: "/home/b", [])
    store.disk.tick()
    #expect(try store.layout.collectGarbage(roots: [], keepingSince: store.disk.now, dryRun: false).removed.count == 5)
    #expect(store.layout.condition(of: first.output) == .intact)
    #expect(store.layout.condition(of: second.output) != .intact)
  }

  @Test func damagedRootsStopIt() throws {
    let store = try TestStore()
    let first = try store.add(one)
    try store.layout.writeRoots(repository: "/home/a", [first.config])
    store.disk.tick()
    let path = FilePath("/store/coppice/roots/\(Digest.sha256("/home/a").hex)")
    store.disk.write(path, try #require(store.disk.text(path)).replacing("a", with: "b"))
    #expect(throws: Failure.self) {
      try store.layout.collectGarbage(roots: [], keepingSince: .max, dryRun: false)
    }
    #expect(store.layout.condition(of: first.output) == .intact)
  }

  @Test func whatIsNewStays() throws {
    let store = try TestStore()
    let old = try store.add(one)
    store.disk.tick()
    let since = store.disk.now
    // Its first layer is old, but the image is not.
    let new = try store.add(two)
    store.disk.write("/store/coppice/temporary/.coppice-x", "being written")
    let report = try store.layout.collectGarbage(roots: [], keepingSince: since, dryRun: false)
    #expect(report.removed.contains(old.layers[1].blob))
    #expect(report.leftovers == 0)
    #expect(store.layout.condition(of: new.output) == .intact)
    #expect(store.layout.condition(of: old.output) != .intact)
  }

  @Test func aKillWhileCollectingLeavesNoDanglingName() throws {
    for changes in 0..<20 {
      let store = try TestStore()
      let (first, second) = (try store.add(one), try store.add(two))
      try store.layout.setNames([("a:1", first.config), ("a:2", second.config)])
      store.disk.tick()
      store.disk.loseDisk(afterChanges: changes)
      _ = try? store.layout.collectGarbage(roots: [first.config], keepingSince: store.disk.now, dryRun: false)
      store.disk.repair()
      #expect(store.layout.condition(of: first.output) == .intact)
      for (name, index) in try store.layout.names() { #expect(store.disk.exists(store.path(index)), "\(name)") }
      #expect(try store.add(two) == second)
    }
  }
}
