import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ContentStore

struct MergedRootTests {
  @Test(arguments: 0..<4) func itIsWhatApplyingLayersByHandGives(part: Int) throws {
    var broken = 0
    for seed in Soak.seeds(500, part: part) {
      var random = SeededGenerator(seed: seed)
      let layers = random.rootLayers()
      let expected = ReferenceRoot(layers)
      if expected.isBroken {
        broken += 1
        #expect(throws: Failure.self, "seed \(seed)") { _ = try merged(layers) }
        continue
      }
      let (tree, sink) = try merged(layers)
      let lines = tree.lines(sink.contents)
      if lines != expected.lines {
        let differing = Set(lines).symmetricDifference(expected.lines).sorted()
        Issue.record("seed \(seed): \(differing.prefix(6).joined(separator: "\n"))")
        return
      }
    }
    #expect(broken > 0)
  }

  /// Layers without hard links to nothing.
  private func layers(_ seed: Int) -> [[RootEntry]]? {
    var random = SeededGenerator(seed: seed)
    let layers = random.rootLayers()
    return ReferenceRoot(layers).isBroken ? nil : layers
  }

  /// Whatever is known of contents, and so which layers are read at all.
  @Test func itIsTheSameFromWhatTheStoreKnows() throws {
    var read = [0, 0]
    for seed in Soak.seeds(150) {
      guard let layers = layers(seed + 10_000) else { continue }
      var random = SeededGenerator(seed: seed)
      let tars = layers.map(RootEntry.tar)
      let store = try TestStore()
      let image = try store.add(TestImage(layers: tars))
      let sources = store.layout.layerSources(of: image)
      let streamed = RecordingSink()
      let tree = try MergedRoot(layers: indexing(sources) { _ in nil }).read(into: streamed)
      #expect(tree.lines(streamed.contents) == ReferenceRoot(layers).lines, "seed \(seed)")
      let all = Dictionary(layers.joined().map { (Digest.sha256($0.content), $0.content) }) { first, _ in first }
      for (kind, known) in [all, all.filter { _ in !random.once(in: 8) }].enumerated() {
        let sink = RecordingSink()
        sink.known = known
        let opened = Locked(0)
        let counted = sources.map { source in
          LayerSource(name: source.name, blob: source.blob, diffID: source.diffID, index: source.index) {
            opened.withLock { $0 += 1 }
            return try source.open()
          }
        }
        #expect(try MergedRoot(layers: counted).read(into: sink) == tree, "seed \(seed)")
        #expect(sink.events == streamed.events && sink.contents == streamed.contents, "seed \(seed)")
        #expect(sink.given == 0 || kind == 1)
        read[kind] += opened.withLock { $0 }
      }
    }
    #expect(read[0] == 0 && read[1] > 0)
  }

  /// The same layers with other indexes.
  private func indexing(
    _ sources: [LayerSource], index: @escaping @Sendable (LayerSource) throws -> LayerIndex?
  ) -> [LayerSource] {
    sources.map { source in
      LayerSource(
        name: source.name, blob: source.blob, diffID: source.diffID, index: { try index(source) }, open: source.open)
    }
  }

  @Test func anIndexOfAnotherLayerIsOfNoUse() throws {
    let store = try TestStore()
    let layers = [[RootEntry("a", "0", "one"), RootEntry("b", "0", "two")], [RootEntry("a", "0", "other")]]
    let image = try store.add(TestImage(layers: layers.map(RootEntry.tar)))
    let sources = store.layout.layerSources(of: image)
    let (sink, expected) = (RecordingSink(), RecordingSink())
    let tree = try MergedRoot(layers: indexing(sources) { _ in try sources[1].index() }).read(into: sink)
    #expect(try MergedRoot(layers: indexing(sources) { _ in nil }).read(into: expected) == tree)
    #expect(sink.contents == expected.contents)
  }

  @Test func anIndexThatIsLostIsMadeAgain() throws {
    var random = SeededGenerator(seed: 8)
    let store = try TestStore()
    let layer = try store.add(TestImage(layers: [tar(random.entries())])).layers[0]
    let index = try #require(try store.layout.index(ofLayer: layer.diffID))
    let path = FilePath("/store/coppice/entries") / FilePath(layer.diffID.hex)
    var bytes = try store.disk.contents(of: path, limit: 1 << 20)
    bytes[bytes.count / 2] ^= 1
    try store.disk.replace(path, with: bytes, mode: 0o644)
    #expect(try store.layout.index(ofLayer: layer.diffID) == nil)
    #expect(try store.layout.index(of: layer) == index)
    #expect(try store.layout.index(ofLayer: layer.diffID) == index)
    _ = try store.layout.collectGarbage(roots: [], keepingSince: .max, dryRun: false)
    #expect(try store.layout.index(ofLayer: layer.diffID) == nil)
  }

  /// What blocks are made of a layer depends on no layer below, and on those above only in what is skipped.
  @Test func aLayerGivesTheSameWhereverItLies() throws {
    func parts(_ events: [RecordingSink.Event]) -> [[RecordingSink.Event]] {
      events.split(separator: .layer, omittingEmptySubsequences: false).dropFirst().map(Array.init)
    }
    func sizes(_ events: [RecordingSink.Event]) -> [Int] {
      events.map { event in
        switch event {
        case .layer: -1
        case .file(let size), .skip(let size): size
        }
      }
    }
    var reread = 0
    for seed in Soak.seeds(200) {
      guard let layers = layers(seed + 20_000) else { continue }
      let whole = parts(try merged(layers).sink.events)
      for count in 1...layers.count {
        let top = Array(layers.suffix(count))
        if !ReferenceRoot(top).isBroken { #expect(parts(try merged(top).sink.events) == Array(whole.prefix(count))) }
        let alone = [layers[layers.count - count]]
        if ReferenceRoot(alone).isBroken { continue }
        let expected = sizes(try merged(alone).sink.events.dropFirst().filter { $0 != .layer })
        let found = sizes(whole[count - 1])
        let inPlace = alone[0].count { $0.type == "0" && !Self.isMarker($0) }
        #expect(found.prefix(inPlace) == expected.prefix(inPlace), "seed \(seed), layer \(count)")
        reread += found.count - inPlace
      }
    }
    #expect(reread > 0)
  }

  /// Contents that came and that nothing in the tree leads to.
  private func unused(_ layers: [[RootEntry]]) throws -> Int {
    let (tree, sink) = try merged(layers)
    let used = tree.inodes.compactMap { inode in
      if case .file(let content, _) = inode.kind { content } else { nil }
    }
    return sink.contents.count - Set(used).count
  }

  @Test func whatUpperLayersHideIsNotGiven() throws {
    var skipped = 0
    for seed in Soak.seeds(150) {
      var random = SeededGenerator(seed: seed + 30_000)
      // What a layer itself replaces was given before that showed; a link to it would make that hard to tell.
      let layers = try random.rootLayers().map { $0.filter { $0.type != "1" } }.filter { try unused([$0]) == 0 }
      #expect(try unused(layers) == 0, "seed \(seed)")
      skipped += try merged(layers).sink.events.count { if case .skip = $0 { true } else { false } }
    }
    #expect(skipped > 0)
    for top in [".wh.d", "d", ".wh..wh..opq", "d/.wh..wh..opq", "d/.wh.e", "d/e"] {
      let events = try merged([[RootEntry("d/e/f", "0", "hidden")], [RootEntry(top)]]).sink.events
      #expect(events.last == .skip(size: 6), "\(top)")
    }
  }

  private static func isMarker(_ entry: RootEntry) -> Bool {
    guard let name = ReferenceRoot.components(entry.path).last, name.starts(with: ".wh.".utf8) else { return false }
    return name == Array(".wh..wh..opq".utf8) || !name.starts(with: ".wh..wh.".utf8)
  }

  // MARK: one thing at a time

  private func lines(_ layers: [RootEntry]...) throws -> [String] {
    let (tree, sink) = try merged(layers)
    return tree.lines(sink.contents).map { $0.split(separator: " ")[..<2].joined(separator: " ") }
  }

  @Test func anOpaqueMarkerHidesLowerLayersWhereverItStands() throws {
    let base = [RootEntry("d/", "5"), RootEntry("d/old"), RootEntry("d/s/x")]
    let marker = RootEntry("d/.wh..wh..opq")
    let expected = ["/ 5", "/d 5", "/d/new 0"]
    #expect(try lines(base, [marker, RootEntry("d/new")]) == expected)
    #expect(try lines(base, [RootEntry("d/new"), marker]) == expected)
  }

  @Test func filesBecomeDirectoriesAndBack() throws {
    let file = [RootEntry("x", "0", "1")]
    let directory = [RootEntry("x/", "5"), RootEntry("x/y")]
    #expect(try lines(file, directory) == ["/ 5", "/x 5", "/x/y 0"])
    #expect(try lines(directory, file) == ["/ 5", "/x 0"])
    #expect(try lines(directory, file, [RootEntry("x/z")]) == ["/ 5", "/x 5", "/x/z 0"])
    #expect(try lines(directory, [RootEntry("x", "2", link: "/")], [RootEntry("x/z")]) == ["/ 5", "/x 5", "/x/z 0"])
  }

  @Test func aLinkKeepsWhatAnUpperLayerHides() throws {
    let base = [RootEntry("a", "0", "old"), RootEntry("b", "1", link: "a")]
    let (tree, sink) = try merged([base, [RootEntry("a", "0", "new!")]])
    #expect(sink.events == [.layer, .file(size: 4), .layer, .skip(size: 3), .file(size: 3)])
    #expect(tree.lines(sink.contents) == ReferenceRoot([base, [RootEntry("a", "0", "new!")]]).lines)
  }

  @Test func aLinkIntoALowerLayerSharesItsInode() throws {
    let (tree, sink) = try merged([[RootEntry("a", "0", "1")], [RootEntry("b", "1", link: "/./a")]])
    #expect(sink.events == [.layer, .layer, .file(size: 1)])
    #expect(tree.entries.map(\.inode) == [1, 1])
  }

  @Test(arguments: [
    ("a", ["the target of its hard link, `a`, does not exist"]), ("d", ["is a directory"]),
    ("gone", ["does not exist"]), ("../a", ["outside of the root"]), ("f/x", ["does not exist"]),
  ])
  func aLinkToNothingIsNamed(target: String, words: [String]) throws {
    let base = [RootEntry("d/", "5"), RootEntry("gone"), RootEntry("f")]
    let top = [RootEntry(".wh.gone"), RootEntry("dir/link", "1", link: target)]
    let failure = #expect(throws: Failure.self) { _ = try merged([base, top]) }
    for word in words + ["layer 2", "`dir/link`"] { #expect(failure?.message.contains(word) == true, "\(word)") }
  }

  @Test func circlesOfLinksEnd() throws {
    let circle = [RootEntry("a", "1", link: "b"), RootEntry("b", "1", link: "a"), RootEntry("c", "1", link: "c")]
    #expect(throws: Failure.self) { _ = try merged([circle]) }
    #expect(throws: Failure.self) { _ = try merged([circle, circle]) }
    #expect(try lines([RootEntry("b"), RootEntry("c")], circle) == ["/ 5", "/a 0", "/b 0", "/c 0"])
  }

  @Test func whatNoFileSystemHoldsIsNamed() throws {
    var entries = ["../x", "a/../../x", "/..", String(repeating: "n", count: 256)].map { RootEntry($0) }
    entries.append(RootEntry(".", "0"))
    entries.append(RootEntry("link", "2"))
    entries.append(RootEntry("link", "2", link: String(repeating: "n", count: 4096)))
    for name in ["d/.wh.", "d/.wh..", ".wh..."] { entries.append(RootEntry(name)) }
    entries.append(RootEntry("other", "V"))
    var entry = RootEntry("owner")
    entry.uid = 1 << 32
    entries.append(entry)
    entry = RootEntry("device", "3")
    entry.device = [1 << 12, 0]
    entries.append(entry)
    for entry in entries {
      let failure = #expect(throws: Failure.self) { _ = try merged([[RootEntry("a")], [RootEntry("first"), entry]]) }
      #expect(failure?.message.hasPrefix("layer 2, entry `") == true, "\(failure?.message ?? "")")
      #expect(failure?.help != nil)
    }
    #expect(try lines([RootEntry(String(repeating: "n", count: 255))]).count == 2)
  }

  @Test func limitsNameTheLayer() throws {
    var limits = RootLimits()
    limits.entries = 100
    let deep = RootEntry(String(repeating: "d/", count: 200) + "f")
    for layer in [(0..<101).map { RootEntry("f\($0)") }, [deep], (0..<101).map { _ in RootEntry(".wh.x") }] {
      let root = MergedRoot(layers: sources([RootEntry.tar(layer)]), limits: limits)
      let failure = #expect(throws: Failure.self) { _ = try root.read(into: RecordingSink()) }
      #expect(failure?.message == "layer 1: there are more than 100 files")
    }
    (limits.entries, limits.names) = (1000, 5000)
    let names = (0..<30).map { RootEntry("\($0)" + String(repeating: "n", count: 200)) }
    let root = MergedRoot(layers: sources([RootEntry.tar(names)]), limits: limits)
    let failure = #expect(throws: Failure.self) { _ = try root.read(into: RecordingSink()) }
    #expect(failure?.message.contains("bytes of names") == true)
  }

  @Test func whatASinkThrowsComesOut() throws {
    struct Full: Error {}
    final class FullSink: RootSink {
      func layerBegins() {}
      func beginFile(size: Int, digest: Digest?) {}
      func content(_ piece: UnsafeRawBufferPointer) throws { throw Full() }
      func endFile() -> ContentID { ContentID(0) }
      func skipFile(size: Int) {}
    }
    let root = MergedRoot(layers: sources([RootEntry.tar([RootEntry("a", "0", "1")])]))
    #expect(throws: Full.self) { _ = try root.read(into: FullSink()) }
  }

  /// Every cut and many flips: an error or a tree, and the tree only when nothing of it is missing.
  @Test func noDamageBreaksIt() throws {
    var random = SeededGenerator(seed: 11)
    let archive = RootEntry.tar(
      random.rootLayers()[0] + [RootEntry("a/b", "0", "123"), RootEntry("l", "1", link: "a/b")])
    func read(_ bytes: [UInt8]) throws {
      let sink = RecordingSink()
      let tree = try MergedRoot(layers: sources([bytes])).read(into: sink)
      _ = tree.lines(sink.contents)
    }
    for count in stride(from: 0, through: archive.count, by: 1 + 30 / Soak.factor) {
      do { try read(Array(archive[..<count])) } catch is Failure {}
    }
    for _ in 0..<500 * Soak.factor {
      var bytes = archive
      let place = Int.random(in: 0..<bytes.count, using: &random)
      bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      let header = place & ~511
      if bytes[header + 257..<header + 262].elementsEqual("ustar".utf8) {
        bytes.replaceSubrange(header..<header + 512, with: TestEntry.withChecksum(Array(bytes[header..<header + 512])))
      }
      do { try read(bytes) } catch is Failure {}
    }
  }
}
